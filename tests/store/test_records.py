"""The data map is complete: whatever is kept has its row, and every row is of something that is kept."""

import json

from counterfoil.domain.habits import learn_digits, learn_missing
from counterfoil.domain.rates import Limits
from counterfoil.domain.records import RECORDS
from counterfoil.flows import erasing
from counterfoil.runtime import secrets
from counterfoil.store import audit, bank_health, habits
from functions import revisit_undecided
from tests.flows.linked import customer_in
from tests.world import World


def rows_of(table: str, pk: str, sk: str) -> list[str]:
    """The names of the rows whose key starts like this one."""
    found = []
    for record in RECORDS:
        partition, _, sort = record.key.partition("/")
        if record.place == table and pk.startswith(partition) and sk.startswith(sort):
            found.append(record.name)
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
    revisit_undecided.handler({}, None)
    with customer_in(counterfoil) as customer:
        customer.connect()
    bank_health.note("openbank", 500, counterfoil.now, took=False)
    for _ in range(habits.FIRST_WRITE):
        habits.learn("kite/MID000123", learn_missing)
        habits.learn_of_bank("openbank", lambda known: learn_digits(known, by_device=False, agree=True))
    audit.append("ops", "ops action", {"order": "redrive"}, counterfoil.now)
    keeps = {record.name for record in RECORDS if record.place in ("ledger", "rendezvous", "salts")}
    subject = secrets.sealer().subject("openbank", "cust_erased")
    counterfoil.consent("cust_erased")
    counterfoil.put("rights", json.dumps(erasing.begin(subject, "requested", counterfoil.now).body))
    counterfoil.run(0)
    used: set[str] = set()
    for table in ("ledger", "rendezvous", "salts"):
        for item in counterfoil.items(table):
            rows = rows_of(table, item["pk"]["S"], item.get("sk", {"S": ""})["S"])
            assert rows, (
                f"a record of {table} without a row: {item['pk']['S'][:2]}/{item.get('sk', {}).get('S', '')[:2]}"
            )
            used |= set(rows)
    assert used == keeps


def test_rows_have_names_of_their_own() -> None:
    assert len({record.name for record in RECORDS}) == len(RECORDS)
