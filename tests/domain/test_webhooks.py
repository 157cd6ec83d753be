"""Signatures agree with the reference library; whatever else a stranger sends is refused in one way."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from counterfoil.domain import webhooks
from counterfoil.errors import Unauthenticated

NOW = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)
STAMP = int(NOW.timestamp())
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()
BODY = b'{"type": "transaction.authorised"}'
GOOD = {
    "webhook-id": "msg_1",
    "webhook-timestamp": str(STAMP),
    "webhook-signature": webhooks.sign(SECRET, "msg_1", STAMP, BODY),
}

secrets = st.binary(min_size=24, max_size=64).map(lambda key: "whsec_" + base64.b64encode(key).decode())
message_ids = st.text("abcXYZ0123_.:-", min_size=1, max_size=64)
bodies = st.text().map(lambda text: text.encode("utf-8", "replace"))


@given(secrets, message_ids, bodies, st.integers(1_000_000_000, 4_000_000_000))
def test_we_sign_as_the_reference_does(secret: str, message_id: str, body: bytes, stamp: int) -> None:
    theirs = Webhook(secret).sign(message_id, datetime.fromtimestamp(stamp, UTC), body.decode())
    assert webhooks.sign(secret, message_id, stamp, body) == theirs


@given(secrets, message_ids, bodies)
def test_each_side_takes_what_the_other_signed(secret: str, message_id: str, body: bytes) -> None:
    headers = {
        "Webhook-Id": message_id,
        "WEBHOOK-TIMESTAMP": str(STAMP),
        "webhook-signature": Webhook(secret).sign(message_id, NOW, body.decode()),
    }
    assert webhooks.verify(headers, body, [secret], NOW) == message_id
    ours = headers | {"webhook-signature": webhooks.sign(secret, message_id, STAMP, body)}
    with time_machine.travel(NOW, tick=False):
        Webhook(secret).verify(body, ours, json_parse=False)


def test_a_secret_without_its_padding_is_the_same() -> None:
    assert webhooks.sign(SECRET.rstrip("="), "msg_1", STAMP, BODY) == GOOD["webhook-signature"]


def test_any_of_several_secrets_and_signatures_will_do() -> None:
    several = "v1,bm90IGl0 v1a,ignored " + GOOD["webhook-signature"] + " v1,bm90IGl0"
    headers = GOOD | {"webhook-signature": several}
    for known in ([OTHER, "not a secret", SECRET], [SECRET, OTHER]):
        assert webhooks.verify(headers, BODY, known, NOW) == "msg_1"


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_either_way_are_allowed(seconds: int) -> None:
    assert webhooks.verify(GOOD, BODY, [SECRET], NOW + timedelta(seconds=seconds)) == "msg_1"


@pytest.mark.parametrize("seconds", [-301, 301, 10**6])
def test_older_or_newer_is_refused(seconds: int) -> None:
    refused(GOOD, BODY, [SECRET], NOW + timedelta(seconds=seconds))


def refused(headers: Mapping[str, str], body: bytes, known: list[str], now: datetime) -> None:
    with pytest.raises(Unauthenticated):
        webhooks.verify(headers, body, known, now)


def test_another_body_secret_id_or_time_is_refused() -> None:
    refused(GOOD, BODY + b" ", [SECRET], NOW)
    refused(GOOD, BODY, [OTHER], NOW)
    refused(GOOD, BODY, [], NOW)
    refused(GOOD | {"webhook-id": "msg_2"}, BODY, [SECRET], NOW)
    refused(GOOD | {"webhook-timestamp": str(STAMP + 1)}, BODY, [SECRET], NOW)


SIGNATURE = GOOD["webhook-signature"]
MALFORMED = [
    ("webhook-id", ""),
    ("webhook-id", " "),
    ("webhook-id", "msg_1 "),
    ("webhook-id", "é"),
    ("webhook-id", "\udcff"),
    ("webhook-id", "x" * 100_000),
    ("webhook-id", "msg\n1"),
    ("webhook-timestamp", ""),
    ("webhook-timestamp", "now"),
    ("webhook-timestamp", "-1"),
    ("webhook-timestamp", "+" + str(STAMP)),
    ("webhook-timestamp", " " + str(STAMP)),
    ("webhook-timestamp", "0" + str(STAMP)),
    ("webhook-timestamp", str(STAMP) + ".0"),
    ("webhook-timestamp", "1e9"),
    ("webhook-timestamp", "nan"),
    ("webhook-timestamp", "inf"),
    ("webhook-timestamp", "9" * 5000),
    ("webhook-timestamp", "١٧٦٣٧١٦٥٠٠"),
    ("webhook-timestamp", "1_763_716_500"),
    ("webhook-signature", ""),
    ("webhook-signature", "v1"),
    ("webhook-signature", "v1,"),
    ("webhook-signature", ","),
    ("webhook-signature", "v1,,"),
    ("webhook-signature", "v1,é"),
    ("webhook-signature", "v1,\udcff"),
    ("webhook-signature", "v1,===="),
    ("webhook-signature", "v1,abc"),
    ("webhook-signature", "v1,a b,c d"),
    ("webhook-signature", "v2" + SIGNATURE[2:]),
    ("webhook-signature", SIGNATURE[3:]),
    ("webhook-signature", SIGNATURE[:-1]),
    ("webhook-signature", SIGNATURE + "x"),
    ("webhook-signature", SIGNATURE.swapcase()),
    ("webhook-signature", SIGNATURE.replace(",", ", ")),
]


@pytest.mark.parametrize(("header", "value"), MALFORMED)
def test_a_malformed_header_is_refused(header: str, value: str) -> None:
    refused(GOOD | {header: value}, BODY, [SECRET], NOW)


@pytest.mark.parametrize("header", list(GOOD))
def test_a_missing_header_is_refused(header: str) -> None:
    refused({name: value for name, value in GOOD.items() if name != header}, BODY, [SECRET], NOW)


anything = st.text() | st.sampled_from(list(GOOD.values())) | st.none() | st.binary()


@given(st.dictionaries(st.sampled_from(list(GOOD)) | st.text(), anything), st.binary(), st.lists(st.text()))
def test_verify_is_total(headers: dict[str, str], body: bytes, known: list[str]) -> None:
    refused(headers, body, known, NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", SECRET[6:], "whsec_é", SECRET + "!", SECRET * 3])
def test_a_malformed_secret_signs_nothing(secret: str) -> None:
    with pytest.raises(ValueError, match="24 to 64 bytes"):
        webhooks.sign(secret, "msg_1", STAMP, BODY)


def test_new_secrets_work_and_differ() -> None:
    one, other = webhooks.new_secret(), webhooks.new_secret()
    assert one != other
    assert Webhook(one).sign("msg_1", NOW, BODY.decode()) == webhooks.sign(one, "msg_1", STAMP, BODY)
