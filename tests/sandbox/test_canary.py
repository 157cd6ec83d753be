"""A canary in every personal field of every input: nothing that is kept, queued or logged holds one in clear."""

import base64
import re
import uuid
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from counterfoil.domain.packing import deflate
from counterfoil.domain.receipts import VOCABULARY
from counterfoil.flows.intake import PERSONAL_WORDS
from infra.sandbox import event_files
from infra.sandbox.bank import Trouble
from tests.sandbox.engine_parts import eventually
from tests.sandbox.live import Live

HEADER_BYTES = 32
"""What may stand before something packed: a version, a revision, a nonce."""


def letters() -> str:
    """32 random letters: long runs of digits would now and then be a card number, and rightly refused."""
    return uuid.uuid4().hex.upper().translate(str.maketrans("0123456789", "GHIJKLMNPQ"))


@dataclass
class Aviary:
    """Makes canaries, and finds them: as they are, and in Base64."""

    canaries: dict[str, str] = field(default_factory=dict)

    def new(self, what: str, size: int = 24) -> str:
        """A value that occurs nowhere else."""
        self.canaries[what] = "CNRY" + letters()[: size - 4]
        return self.canaries[what]

    def number(self, what: str, size: int) -> str:
        self.canaries[what] = "6325" + str(uuid.uuid4().int)[: size - 4]
        return self.canaries[what]

    def seen_in(self, places: dict[str, bytes]) -> set[tuple[str, str]]:
        """Which canary is where."""
        shapes = {what: list(_shapes(value.encode())) for what, value in self.canaries.items()}
        return {
            (what, place)
            for place, content in places.items()
            for what, forms in shapes.items()
            if any(form in content for form in forms)
        }


def _shapes(value: bytes) -> Iterable[bytes]:
    """The value, in other case, and the part of its Base64 that does not hang on what stands around it."""
    yield from (value, value.lower())
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + value)
        whole = encoded[-(-before * 4 // 3) + (1 if before else 0) : len(value) * 4 // 3 - 3]
        yield from (whole, whole.replace(b"+", b"-").replace(b"/", b"_"))


def payment_of(aviary: Aviary, live: Live, customer_id: str) -> dict[str, Any]:
    payment, _ = live.sale("canary", customer_id)
    payment["data"] |= {
        "transaction_id": aviary.new("transaction_id"),
        "account_id": aviary.new("account_id"),
        "auth_code": aviary.new("auth_code", 12),
        "rrn": aviary.number("rrn", 12),
    }
    payment["data"]["card"] |= {"card_id": aviary.new("card_id"), "token": aviary.new("card token")}
    payment["data"]["merchant"] |= {
        "name": aviary.new("merchant's name on the card"),
        "terminal_id": aviary.new("terminal", 12),
    }
    payment["data"]["merchant"]["city"] = aviary.new("a field unknown to us")
    return payment


def receipt_of(aviary: Aviary, live: Live, payment: dict[str, Any], lines: int) -> dict[str, Any]:
    _, receipt = live.sale("canary")
    data, first = payment["data"], receipt["lines"][0]
    first |= {
        "description": aviary.new("line"),
        "sku": aviary.new("sku"),
        "category": aviary.new("category"),
        "modifiers": [{"description": aviary.new("modifier"), "amount": 35}],
        "discounts": [{"description": aviary.new("line's discount"), "amount": 0}],
    }
    free = {"quantity": "1", "amount": 0, "vat_rate": "0"}
    receipt["lines"] += [free | {"description": f"{letters()} {letters()}"} for _ in range(lines)]
    receipt["receipt_id"] = aviary.new("receipt_id")
    receipt["discounts"] = [{"description": aviary.new("discount"), "amount": 0}]
    receipt["barcode"]["value"] = aviary.new("barcode")
    receipt["tenders"][0] |= {
        "auth_code": data["auth_code"],
        "rrn": data["rrn"],
        "terminal_id": data["merchant"]["terminal_id"],
    }
    return receipt


# Everything that is kept


def tables(live: Live) -> dict[str, bytes]:
    """Items as the engine gives them out, so that binary values lie open."""
    dynamodb = live.client("dynamodb")
    return {name: b"\n".join(map(_open, dynamodb.scan(TableName=name)["Items"])) for name in live.tables}


def _open(value: Any) -> bytes:
    if isinstance(value, dict):
        return b" ".join(_open(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return b" ".join(map(_open, value))
    return value + _inflated(value) if isinstance(value, bytes) else str(value).encode()


def _inflated(value: bytes) -> bytes:
    """What deflate may hide: the value from each of its first bytes on, inflated with each vocabulary of ours."""
    found = []
    for words in (VOCABULARY, PERSONAL_WORDS, b""):
        for start in range(HEADER_BYTES):
            with suppress(zlib.error):
                found.append(zlib.decompressobj(wbits=-15, zdict=words).decompress(value[start:]))
    return b" ".join(found)


def _message(body: str) -> bytes:
    """A message's body, and what lies in its Base64 parts."""
    parts = re.findall(r"[A-Za-z0-9+/]{40,}", body)
    return b" ".join([body.encode(), *(_open(_decoded(part)) for part in parts)])


def _decoded(part: str) -> bytes:
    """The bytes of what looks like Base64; an object's key looks so too, whatever its length."""
    whole = part[:-1] if len(part) % 4 == 1 else part
    return base64.b64decode(whole + "=" * (-len(whole) % 4))


def objects(live: Live) -> dict[str, bytes]:
    s3, bucket = live.client("s3"), live.deployment.payloads_bucket
    versions = s3.list_object_versions(Bucket=bucket).get("Versions", [])
    return {
        f"object {one['Key']}": one["Key"].encode()
        + _open(s3.get_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])["Body"].read())
        for one in versions
    }


def logs(live: Live) -> dict[str, bytes]:
    """Every log group, and what the engine itself wrote of the functions' output."""
    client = live.client("logs")
    groups = [
        group["logGroupName"]
        for page in client.get_paginator("describe_log_groups").paginate()
        for group in page["logGroups"]
    ]
    told = {name: b"\n".join(_events(client, name)) for name in groups}
    return told | {"the engine's log": live.deployment.engine.log.read_bytes()}


def _events(client: Any, group: str) -> Iterator[bytes]:
    for page in client.get_paginator("filter_log_events").paginate(logGroupName=group):
        yield from (event["message"].encode() for event in page["events"])


def messages(live: Live, url: str) -> list[dict[str, Any]]:
    """What waits in a queue; it stays there, and is counted as received once more."""
    found: list[dict[str, Any]] = (
        live.client("sqs")
        .receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        .get("Messages", [])
    )
    return found


def in_queue(live: Live, url: str, count: int) -> bytes:
    """The bodies of at least `count` messages in a queue that is held."""
    seen: dict[str, bytes] = {}

    def enough() -> bool:
        seen.update({one["MessageId"]: _message(one["Body"]) for one in messages(live, url)})
        return len(seen) >= count

    eventually(enough)
    return b"\n".join(seen.values())


def bury(live: Live, url: str) -> bytes:
    """Receives what waits until it is among the dead letters, and gives its bodies there."""
    dead = live.dead_letters_of(url)

    def buried() -> list[dict[str, Any]]:
        return [] if messages(live, url) else messages(live, dead)

    return b"\n".join(_message(one["Body"]) for one in eventually(buried))


@pytest.mark.parametrize("lines", [0, 400], ids=["a small receipt", "a receipt in S3"])
def test_no_canary_is_found_in_clear(lines: int, live: Live) -> None:
    aviary = Aviary()
    customer_id = aviary.new("customer_id")
    live.consent(customer_id)
    payment = payment_of(aviary, live, customer_id)
    receipt = receipt_of(aviary, live, payment, lines)
    match, delivery = live.deployment.match_queue_url, live.deployment.delivery_queue_urls["openbank"]
    found: dict[str, bytes] = {}

    _refused(aviary, live, receipt)
    # Held before the matcher may go on, or the delivery is gone before anybody looked at it.
    with live.held(delivery):
        with live.held(match):
            assert live.stage.pay("openbank", payment).status_code == 202
            assert live.stage.print_receipt("kite", receipt).status_code == 202
            found["match queue"] = in_queue(live, match, 2)
            found["match queue's dead letters"] = bury(live, match)
            _send_again(live, live.dead_letters_of(match), match)
        found["delivery queue"] = in_queue(live, delivery, 1)
        found |= {f"{name} with the receipt undelivered": content for name, content in tables(live).items()}
        live.stage.bank("openbank").behave(Trouble(500, times=1))
    shown = live.stage.shown("openbank", payment)
    live.settle()
    found |= tables(live) | objects(live) | logs(live)

    assert shown["receipt"]["lines"][0]["description"] == aviary.canaries["line"], "the customer sees it"
    _every_place_was_looked_at(found, with_objects=lines > 0)
    assert aviary.seen_in(found) == set()


def _refused(aviary: Aviary, live: Live, receipt: dict[str, Any]) -> None:
    """Inputs that are not taken: nobody's signature, a shopper's e-mail, a card number, half a JSON text."""
    forged = receipt | {"receipt_id": aviary.new("forged receipt_id")}
    assert live.partners.tills["kite"].send(forged, secret=live.secrets["stranger"]).status_code == 401
    named = receipt | {"receipt_id": "refused", "email": aviary.new("shopper's e-mail") + "@example.com"}
    assert live.partners.tills["kite"].send(named).status_code == 422
    aviary.canaries["card number"] = "5555555555554444"
    numbered = {
        **receipt,
        "lines": [receipt["lines"][0] | {"description": "Card 5555 5555 5555 4444 5555555555554444"}],
    }
    assert live.partners.tills["kite"].send(numbered).status_code == 422
    event = live.event("retailer_receipt.not_json")
    broken = b'{"receipt_id": "' + aviary.new("half a JSON text").encode()
    assert live.play(event_files.Event(**{**_fields(event), "body": broken})).status_code == 400


def _fields(event: event_files.Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__dataclass_fields__}


def _send_again(live: Live, dead: str, url: str) -> None:
    sqs = live.client("sqs")
    for one in sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10)["Messages"]:
        sqs.send_message(QueueUrl=url, MessageBody=one["Body"])
        sqs.delete_message(QueueUrl=dead, ReceiptHandle=one["ReceiptHandle"])


def _every_place_was_looked_at(found: dict[str, bytes], *, with_objects: bool) -> None:
    """Each place holds what it must hold in clear: else the search would prove nothing."""
    clear = {"match queue": b"kite/", "match queue's dead letters": b"kite/", "delivery queue": b"transaction"}
    for place, content in clear.items():
        assert content in found[place], place
    assert b"GBP" in next(content for name, content in found.items() if "Ledger" in name)
    told = b"".join(content for name, content in found.items() if "log" in name.lower() or "/aws/" in name)
    assert b"TransactionTaken" in told
    assert b"Delivered" in told
    assert any(name.startswith("object ") for name in found) or not with_objects


def test_a_canary_in_clear_would_be_found() -> None:
    aviary = Aviary()
    value = aviary.new("name").encode()
    for before in range(4):
        padded = b"x" * before + value + b"yz"
        for content in (padded, padded.lower(), base64.b64encode(padded), base64.urlsafe_b64encode(padded)):
            assert aviary.seen_in({"place": b"before" + content + b"after"}) == {("name", "place")}
    for words in (VOCABULARY, PERSONAL_WORDS):
        packed = b"\1" + deflate(b"It is " + value, words)
        assert aviary.seen_in({"place": packed}) == set()
        assert aviary.seen_in({"place": _open(packed)}) == {("name", "place")}
        assert aviary.seen_in({"place": _message(f'{{"b64":"{base64.b64encode(packed).decode()}"}}')}) != set()
    for length in range(40, 44):
        assert _message(f"bodies/{'k' * length}").startswith(b"bodies/"), "an object's key is read, whatever its length"
    assert aviary.seen_in({"place": b"CNRY and others"}) == set()
