"""What a bank's customer can agree to, each on its own."""

from collections.abc import Mapping
from typing import Literal

Purpose = Literal["receipts", "loyalty", "offers"]
PURPOSES: tuple[Purpose, ...] = ("receipts", "loyalty", "offers")

NEEDS: Mapping[Purpose, Purpose] = {"loyalty": "receipts", "offers": "receipts"}
"""What rests on another purpose: it is granted after it, and withdrawn with it."""
