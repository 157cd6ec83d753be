"""Unique tokens in every personal field of every input: none is in clear in what is kept, queued or logged."""

import base64
import json
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from counterfoil.runtime.http import Answer
from counterfoil.store import objects
from tests.account import moto_tables
from tests.flows.scenarios import Body, payment, receipt, with_lines
from tests.logs import log
from tests.world import Wire, World

__all__ = ["log"]
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}={0,2}")


def marked_payment(world: World, number: str) -> Body:
    body = payment(world, f"txcanary{number}")
    body["data"] |= {
        "customer_id": "cust_42",
        "account_id": f"acccanary{number}",
        "card": {"card_id": f"cardcanary{number}", "last4": "7391", "scheme": "visa", "token": f"tokcanary{number}"},
        "auth_code": "QZ7391",
        "rrn": "739173917391",
        "original_transaction_id": f"origcanary{number}",
    }
    body["data"]["merchant"] |= {"name": f"NAMECANARY{number}"}
    return body


def marked_receipt(world: World, number: str) -> Body:
    body = receipt(world, f"receiptcanary{number}")
    body["lines"] = [
        {
            "description": f"linecanary{number}", "quantity": "1", "amount": 600, "vat_rate": "0",
            "sku": f"skucanary{number}", "category": f"catcanary{number}",
            "modifiers": [{"description": f"modcanary{number}", "amount": 5}],
            "discounts": [{"description": f"disccanary{number}", "amount": 20}],
        }
    ]  # fmt: skip
    body["barcode"] = {"symbology": "code128", "value": f"BARCANARY{number}"}
    body["original_receipt_id"] = f"formercanary{number}"
    body["tenders"][0] |= {"last4": "7391", "auth_code": "QZ7391", "rrn": "739173917391"}
    return body


SECRET = re.compile(rb"canary\w*|qz7391|739173917391|cust_42", re.IGNORECASE)


def readings(raw: bytes, depth: int = 3) -> Iterator[bytes]:
    """The bytes as they are, and as whatever they may be the encoding of."""
    yield raw
    if not depth:
        return
    for wbits in (15, -15, 31):
        try:
            yield from readings(zlib.decompress(raw, wbits), depth - 1)
        except zlib.error:
            continue
    for found in BASE64.findall(raw):
        padded = found.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
        padded += b"=" * (-len(padded) % 4)
        try:
            decoded = base64.b64decode(padded, validate=True)
        except ValueError:
            continue
        yield from readings(decoded, depth - 1)


def bytes_of(value: Any) -> Iterator[bytes]:
    """Every string and byte string of a stored item."""
    inner = getattr(value, "value", value)
    if isinstance(inner, dict):
        for name, part in inner.items():
            yield name.encode()
            yield from bytes_of(part)
    elif isinstance(inner, list):
        for part in inner:
            yield from bytes_of(part)
    else:
        yield inner if isinstance(inner, bytes) else str(inner).encode()


def everything(world: World, log: str) -> Iterator[tuple[str, bytes]]:
    for name, table in moto_tables().items():
        for item in table.all_items():
            for raw in bytes_of(item.attrs):
                yield name, raw
    for kind in (world.queues, world.dead):
        for name, queue in kind.items():
            for message in queue:
                yield f"queue {name}", message.body.encode()
    listed = world.original_call(objects.client(), "ListObjectsV2", {"Bucket": "payloads"}).get("Contents", [])
    for entry in listed:
        yield "payloads", entry["Key"].encode()
        answer = world.original_call(objects.client(), "GetObject", {"Bucket": "payloads", "Key": entry["Key"]})
        yield "payloads", answer["Body"].read()
    for line in log.splitlines():
        yield "log", line.encode()


def leaks(world: World, log: str) -> list[str]:
    return [
        f"{place}: {found.group()!r}"
        for place, raw in everything(world, log)
        for reading in readings(raw)
        if (found := SECRET.search(reading))
    ]


def test_nothing_personal_is_anywhere_in_clear(counterfoil: World, log: Callable[[], str]) -> None:
    world = counterfoil
    world.consent()
    world.answer = lambda wire: Answer(500)
    large = with_lines(marked_receipt(world, "9"), 400)
    large["lines"] = [line | {"description": f"linecanary{line['description']}"} for line in large["lines"]]
    for body in (
        marked_payment(world, "1"),
        marked_receipt(world, "1"),
        marked_payment(world, "2") | {"type": "transaction.reversed"},
        marked_payment(world, "3"),
        marked_receipt(world, "1") | {"till_id": "canary4"},
        large,
    ):
        (world.pays if "data" in body else world.sells)(body)
        assert leaks(world, log()) == []
        world.run(0)
        assert leaks(world, log()) == []
    assert "linecanary1" in world.wires[0].body.decode()
    refused = marked_receipt(world, "5") | {"total": 1}
    assert world.signed("kite", "/v1/retailers/kite/receipts", refused)["statusCode"] == 422
    world.put("match", '{"id": "x", "transaction": {}}')
    world.run(10 * 86_400)
    assert world.dead["openbank"]
    assert "Delivered" not in log()
    assert "TransactionTaken" in log()
    assert "cannot be worked on" in log()
    assert leaks(world, log()) == []


@pytest.mark.parametrize(
    "hidden",
    [
        b"xx linecanary1",
        base64.b64encode(b"say QZ7391 again"),
        zlib.compress(b"the receipt of txcanary1"),
        base64.urlsafe_b64encode(zlib.compress(b"the receipt of txcanary1")),
        json.dumps({"b64": base64.b64encode(b"a receipt for cust_42").decode()}).encode(),
    ],
)
def test_the_scan_sees_what_is_only_encoded(hidden: bytes) -> None:
    assert any(SECRET.search(reading) for reading in readings(hidden))


def test_an_error_is_logged_without_its_words(counterfoil: World, log: Callable[[], str]) -> None:
    def breaks(wire: Wire) -> Answer:
        raise RuntimeError("could not read QZ7391")

    world = counterfoil
    world.consent()
    world.answer = breaks
    world.pays(marked_payment(world, "1"))
    world.sells(marked_receipt(world, "1"))
    world.run(0)
    assert "RuntimeError" in log()
    assert "QZ7391" not in log()
