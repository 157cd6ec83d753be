"""The formats in which tills send receipts, one module each."""

from counterfoil.retailers import till

RETAILERS = (till,)
"""Every format of a request. A new one is one module and one entry. (A file's formats: `flows.receipt_files`.)"""
