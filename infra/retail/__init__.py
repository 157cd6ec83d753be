"""Synthetic UK retail: shops, tills, customers and their banks, and what each of them sends.

It knows nothing of matching, and imports nothing of the application.
"""
