"""The data map is complete: whatever is kept has its row, and every row is of something that is kept."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from counterfoil.domain.disclosures import DisclosureOrder, GroundName
from counterfoil.domain.habits import learn_digits, learn_missing
from counterfoil.domain.holds import Hold
from counterfoil.domain.rates import Limits
from counterfoil.domain.record import Record, With
from counterfoil.domain.records import RECORDS
from counterfoil.domain.retention import Place, named
from counterfoil.flows import disclosing, erasing
from counterfoil.runtime import secrets
from counterfoil.store import bank_health, bodies, habits, holds, sweep, table
from counterfoil.store.bodies import SealedBody
from counterfoil.store.sweep_keys import HOLDS
from functions import retention_sweep, revisit_undecided
from tests.account import stored
from tests.flows.linked import customer_in
from tests.world import World

TABLES = ("ledger", "rendezvous", "salts")


def rows_of(place: str, pk: str, sk: str) -> list[Record]:
    """The rows whose key starts like this one."""
    found = []
    for record in RECORDS:
        partition, _, sort = record.key.partition("/")
        if record.place == place and pk.startswith(partition) and sk.startswith(sort):
            found.append(record)
    return found


def test_everything_kept_has_a_row_and_every_row_is_of_something(counterfoil: World) -> None:
    counterfoil.consent()
    for name in (
        "bank_webhook.authorised",
        "retailer_receipt.sale",
        "retailer_receipt.equal_coffee_one",
        "receipt_files.csv_asked_for",
        "rights_api.access",
        "rights_api.public",
    ):
        counterfoil.play(name)
    counterfoil.play("customer_api.card")
    for _ in range(Limits().lump):
        counterfoil.play("delivery_status.unknown")
    counterfoil.run(0)
    counterfoil.play("customer_api.claim_of_a_payment")
    revisit_undecided.handler({}, None)
    with customer_in(counterfoil) as customer:
        customer.connect()
    bank_health.note("openbank", 500, counterfoil.now, took=False)
    for _ in range(habits.FIRST_WRITE):
        habits.learn("kite/MID000123", lambda known: learn_missing(known, counterfoil.now))
        habits.learn_of_bank("openbank", lambda known: learn_digits(known, by_device=False, agree=True))
    subject = secrets.sealer().subject("openbank", "cust_erased")
    counterfoil.consent("cust_erased")
    counterfoil.put("rights", json.dumps(erasing.begin(subject, "requested", counterfoil.now).body))
    counterfoil.run(0)
    bodies.put_once("late", "receipt", "digest", SealedBody(b"sealed"), "us")
    bodies.overtaken("late", "us", counterfoil.now)
    table.write(holds.placed("somebody", Hold("case-1", "legal claim", counterfoil.now)))
    table.write(sweep.left("match", Place(counterfoil.now.date(), 0)))
    table.write(sweep.swept_through("match", counterfoil.now.date()))
    retention_sweep.handler({}, None)
    grounds: tuple[GroundName, ...] = ("court_order", "crime")
    for ground in grounds:
        order = DisclosureOrder(bank="openbank", customer="cust_42", authority="A court", ground=ground,
                                reference="CR/1", records=("receipt body",))  # fmt: skip
        disclosing.disclose(order, secrets.sealer(), counterfoil.now)
    used: set[str] = set()
    for place in TABLES:
        for item in stored(place):
            kind = f"{place}: {item['pk'][:2]}/{item.get('sk', '')[:2]}"
            rows = rows_of(place, item["pk"], item.get("sk", ""))
            assert rows, f"a record without a row: {kind}"
            assert any(ends(row, item) for row in rows), f"nothing ends a record when its time is over: {kind}"
            used |= {row.name for row in rows}
    assert used == {record.name for record in RECORDS if record.place in TABLES}


def ends(row: Record, item: Mapping[str, Any]) -> bool:
    """Whether the record goes: with an event or another record, by its time to live, or by the sweep. What is still in
    force, or visited by a round, has its time before it."""
    if any(choice["granted"] for choice in item.get("choices", {}).values()) or item.get("phase", "done") != "done":
        return True
    waits = ("open", "rights", HOLDS)
    named = str(item.get("due", "")).partition("#")[0]
    return not isinstance(row.kept, timedelta) or "ttl" in item or named in (row.due, *waits)


def test_rows_have_names_of_their_own() -> None:
    assert len({record.name for record in RECORDS}) == len(RECORDS)


def test_rows_fit_together() -> None:
    classes = Counter(record.due for record in RECORDS if record.due)
    assert set(classes.values()) == {1}, "a class belongs to one row"
    for record in RECORDS:
        assert record.due is None or (record.place == "ledger" and isinstance(record.kept, timedelta)), record.name
        assert record.said, record.name
        if isinstance(record.kept, With):
            assert named(record.kept.record).held >= record.held, f"{record.name} is held longer than what leads to it"
