"""A day's file sorted by store: how much of one store, and of one partition key, is matched at once.

Matching drains its queue as fast as at the country's peak, in the order in which messages become visible. The keys
are made by the real functions; a receipt that waits costs its partition two write units, one when its pointer comes
and one when it goes.
"""

import random
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import batched

import pytest

from counterfoil.domain.receipt_files import Place, ReceiptFile, delay
from counterfoil.store import keys
from infra.settings import Settings
from tests.budgets.hot_keys import SALES_A_SECOND, WRITE_LIMIT

STORES, RECEIPTS, BYTES = 20, 50_000, 800
TAKEN_A_SECOND = 1000  # by the worker, faster than it is
ONE_PRICE = 0.4  # of each store's receipts, as in a shop that sells one thing
NEIGHBOURS = 100
SPREAD = Settings(banks=()).file_spread
NOW = datetime(2026, 11, 21, 22, tzinfo=UTC)
FILE = ReceiptFile("file_AAAAAAAAAAAAAAAAAAAA", "kite", "csv", NOW, size=RECEIPTS * BYTES)

type Queued = tuple[float, str, str]
"""When it becomes visible, its store's scope, and the partition in which it waits."""


def queue(longest: int) -> list[Queued]:
    """What the file leaves in the queue, in the order in which it is matched."""
    chance, visible = random.Random(5), []
    for number in range(RECEIPTS):
        scope = f"kite/{number * STORES // RECEIPTS:05}"
        amount = 899 if chance.random() < ONE_PRICE else chance.randrange(100, 9000)
        at = number / TAKEN_A_SECOND + delay(FILE, Place((number + 1) * BYTES, number), longest)
        visible.append((at, scope, keys.partition(scope, "sale", amount, "GBP", None)))
    return sorted(visible, key=lambda one: one[0])


def share(queued: Sequence[Queued]) -> int:
    """The most of one store among so many neighbours."""
    latest: deque[str] = deque(maxlen=NEIGHBOURS)
    among: Counter[str] = Counter()
    most = 0
    for _, scope, _ in queued:
        if len(latest) == NEIGHBOURS:
            among[latest[0]] -= 1
        latest.append(scope)
        among[scope] += 1
        most = max(most, among[scope])
    return most


def hottest(seconds: Iterable[Iterable[Queued]]) -> int:
    """The most write units that one partition key bears in a second."""
    return max(2 * max(Counter(partition for _, _, partition in second).values()) for second in seconds)


def as_it_comes(queued: Sequence[Queued]) -> list[list[Queued]]:
    found: dict[int, list[Queued]] = {}
    for one in queued:
        found.setdefault(int(one[0]), []).append(one)
    return list(found.values())


def test_a_file_sorted_by_store_makes_no_store_hot() -> None:
    figures = {}
    for name, queued in (("sorted by store", queue(0)), ("spread", queue(SPREAD))):
        middle = queued[RECEIPTS // 10 : -RECEIPTS // 10]
        backlog = hottest(batched(queued, SALES_A_SECOND, strict=False))
        figures[name] = (share(queued), share(middle), hottest(as_it_comes(queued)), backlog)
    for name, (whole, middle_share, coming, backlog) in figures.items():
        print(
            f"{name}: of {NEIGHBOURS} neighbours {whole} of one store ({middle_share} but at the file's ends); "
            f"on one key {coming} write units a second as they come, {backlog} when a backlog is drained"
        )
    assert figures["sorted by store"][:2] == (NEIGHBOURS, NEIGHBOURS)
    assert figures["sorted by store"][3] > WRITE_LIMIT
    whole, middle_share, coming, backlog = figures["spread"]
    assert whole <= 50
    assert middle_share <= 20
    assert coming <= 0.05 * WRITE_LIMIT
    assert backlog <= 0.3 * WRITE_LIMIT


def test_the_order_is_the_same_each_time() -> None:
    places = [Place(offset, 1) for offset in range(0, 44_000, BYTES)]
    first = [delay(FILE, place, SPREAD) for place in places]
    assert first == [delay(FILE, place, SPREAD) for place in places]
    assert len(set(first)) > 50
    assert first != [delay(replace(FILE, id="file_other"), place, SPREAD) for place in places]


@pytest.mark.parametrize(("size", "longest"), [(1, 0), (65_535, 0), (65_536, 1), (10 * 65_536, 10), (1024**3, SPREAD)])
def test_a_small_file_is_spread_less(size: int, longest: int) -> None:
    file = replace(FILE, size=size)
    delays = {delay(file, Place(offset, 1), SPREAD) for offset in range(0, 20_000_000, 997)}
    assert delays == set(range(longest + 1))
    assert longest <= 900
