"""The formats in which tills send receipts, one module each."""

from counterfoil.retailers import till

RETAILERS = (till,)
"""Every format that is taken. A new one is one module and one entry."""
