"""What has been learned of tills' clocks and shops' habits, for operators.

A till's clock stands in the ledger under a keyed hash: the tills are those of the registration, and one that is not
registered is found by its id.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from counterfoil.domain import inspection
from counterfoil.domain.inspection import Report
from counterfoil.sealing import Sealer
from counterfoil.store import clocks, habits, registry
from counterfoil.store.registry import Branch

MOST_TILLS = 1000


@dataclass(frozen=True, slots=True)
class ShopReport:
    """One store: how the receipts of its merchant `scope` usually come, and the clock of each till, by till id."""

    retailer: str
    store: str
    scope: str
    habits: Report
    tills: dict[str, Report]


@dataclass(frozen=True, slots=True)
class Inspection:
    """`problem`: why there is nothing to look at. `more`: there are more tills than are told at once."""

    shops: tuple[ShopReport, ...] = ()
    more: bool = False
    problem: str | None = None


def look_at(retailer: str | None, store: str | None, till: str | None, sealer: Sealer, now: datetime) -> Inspection:
    """All that is registered, or what is named of it, up to `MOST_TILLS` tills. Reads what was learned anew."""
    clocks.forget()
    habits.forget()
    known = registry.retailers()
    if retailer is not None and retailer not in known:
        return Inspection(problem=f"no such retailer; there are {', '.join(known)}")
    reports: list[ShopReport] = []
    left = MOST_TILLS
    for name in [retailer] if retailer else known:
        for branch in registry.branches(name):
            if store not in (None, branch.store.store_id):
                continue
            left -= 1 if till else len(branch.store.tills)
            if left < 0:
                return Inspection(tuple(reports), more=True)
            reports.append(_report(name, branch, till, sealer, now))
    if not reports and store is not None:
        return Inspection(problem="no such store of that retailer")
    return Inspection(tuple(reports))


def _report(retailer: str, branch: Branch, till: str | None, sealer: Sealer, now: datetime) -> ShopReport:
    store_id = branch.store.store_id
    registered = {each.till_id for each in branch.store.tills}
    ids = [till] if till else sorted(registered)
    tags = {each: sealer.code("till", retailer, f"{store_id}/{each}") for each in ids}
    known = clocks.of_tills(tags.values())
    reports = {each: inspection.of_clock(known.get(tag), now) for each, tag in tags.items()}
    for each in set(ids) - registered:
        reports[each] = replace(reports[each], odd=(*reports[each].odd, "not in the registration"))
    return ShopReport(
        retailer=retailer,
        store=store_id,
        scope=branch.scope,
        habits=inspection.of_habits(habits.of_shop(branch.scope)),
        tills=reports,
    )
