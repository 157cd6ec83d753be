"""The banks' wires. A new bank is one file here and one entry in BANKS."""

from counterfoil.banks import direct, jws, monzo, starling
from counterfoil.banks.adapter import BankAdapter

BANKS: tuple[BankAdapter, ...] = (direct.ADAPTER, monzo.ADAPTER, starling.ADAPTER, jws.ADAPTER)


def adapter_named(name: str) -> BankAdapter:
    """The adapter a bank is registered with. Raises KeyError for a name that no adapter has."""
    return {adapter.name: adapter for adapter in BANKS}[name]
