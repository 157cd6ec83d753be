"""A customer's archive: all that the data map exports, for them alone, and gone in time."""

import csv
import io
import json
import zipfile
from typing import Any

from counterfoil.domain.record import Record
from counterfoil.domain.records import RECORDS
from counterfoil.flows import exporting
from counterfoil.flows.exporting import PROVIDED, READERS
from counterfoil.store import exports
from tests.flows.erased import erase, subject_of, versions
from tests.flows.scenarios import payment, receipt, tell
from tests.world import World


def archive(world: World, kind: exporting.Kind = "access") -> dict[str, bytes]:
    world.put("rights", json.dumps(exporting.begin(subject_of(), "prq_1", kind).body))
    world.run(0)
    [content] = [content for (name, _), content in versions(world, "files").items() if name.startswith("exports/")]
    with zipfile.ZipFile(io.BytesIO(content)) as made:
        return {name: made.read(name) for name in made.namelist()}


def data_of(files: dict[str, bytes]) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(files["data.json"])
    return data


def exported(record: Record) -> bool:
    return record.subject == "customer" and record.exported is not None


def test_every_exported_record_has_a_reader() -> None:
    told_with_their_payment = {"receipt body", "large receipt body"}
    assert {record.name for record in filter(exported, RECORDS)} == READERS.keys() | told_with_their_payment


def test_an_archive_holds_what_is_held_and_nothing_of_others(counterfoil: World) -> None:
    world = counterfoil
    world.consent()
    world.consent("cust_43")
    other = payment(world, "tx_other", amount=999, customer_id="cust_43")
    tell(world, payment(world), receipt(world), payment(world, "tx_2", amount=777), other)
    files = archive(world)
    data = data_of(files)
    assert {one["transaction_id"] for one in data["payments"]} == {"tx_0001", "tx_2"}
    assert [one["receipt_id"] for one in data["receipts"]] == ["soho-03-000123"]
    assert {"payments", "receipts", "consents", "audit trail"} <= data.keys()
    rows = list(csv.DictReader(io.StringIO(files["payments.csv"].decode("utf-8-sig"))))
    assert {row["transaction_id"] for row in rows} == {"tx_0001", "tx_2"}
    summary = files["summary.html"].decode()
    for words in ("How long it is kept", "ico.org.uk", "Payments: 2", "Your bank told us"):
        assert words in summary
    assert not any(b"tx_other" in content for content in files.values())
    exports.delete(subject_of(), "prq_1")
    assert not [name for name, _ in versions(world, "files") if name.startswith("exports/")]


def test_what_is_portable_is_what_they_provided(counterfoil: World) -> None:
    counterfoil.consent()
    tell(counterfoil, payment(counterfoil), receipt(counterfoil))
    data = data_of(archive(counterfoil, "portability"))
    assert data.keys() <= PROVIDED
    assert {"payments", "receipts", "consents"} <= data.keys()
    exports.delete(subject_of())


def test_an_erased_customer_has_no_archive_any_more(counterfoil: World) -> None:
    counterfoil.consent()
    tell(counterfoil, payment(counterfoil), receipt(counterfoil))
    archive(counterfoil)
    erase(counterfoil, subject_of())
    counterfoil.put("rights", json.dumps(exporting.begin(subject_of(), "prq_1", "access").body))
    counterfoil.run(0)
    assert not [name for name, _ in versions(counterfoil, "files") if name.startswith("exports/")]
    assert not any(counterfoil.dead.values())


def test_the_link_is_signed_and_short(counterfoil: World) -> None:
    link = exports.link(subject_of(), "prq_1")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in link
    assert "X-Amz-Expires=300" in link
