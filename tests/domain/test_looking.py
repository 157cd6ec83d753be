"""Who is looked at again once a competitor is settled."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from counterfoil.domain.looking import MOST_LOOKED_AT_AGAIN, freed
from counterfoil.domain.sides import Codes, Side

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def side(kind: Literal["transaction", "receipt"], seconds: int) -> Side:
    at = NOON + timedelta(seconds=seconds)
    return Side(kind, f"{kind}{seconds}", at, at, "sale", 325, "GBP", Codes())


def test_the_nearest_payments_come_first_and_only_so_many() -> None:
    payments = [side("transaction", 60 * minute) for minute in range(-30, 31) if minute]

    found = freed(NOON, [*payments, side("receipt", 5)])

    assert len(found) == MOST_LOOKED_AT_AGAIN
    assert found[:3] == ["transaction-60", "transaction60", "transaction-120"]


def test_nobody_is_looked_at_where_no_receipt_is_left() -> None:
    assert freed(NOON, [side("transaction", 1), side("transaction", 2)]) == []
