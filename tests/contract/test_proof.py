"""Every wire's proof of origin: what the bank signed is taken, all else is refused in one way and leaves nothing."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterfoil.banks.adapter import Arrival, Credentials
from counterfoil.errors import Unauthenticated
from tests.account import stored
from tests.contract.ground import PATH, Ground

BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def with_another_end(value: str) -> str:
    """The last character before any padding becomes the next one: in base64, bits that a decoder may ignore."""
    bare = value.rstrip("=")
    last = BASE64.find(bare[-1])
    return bare[:-1] + BASE64[(last + 1) % 64] + "=" * (len(value) - len(bare))


MALFORMED = {
    "empty": lambda value: "",
    "a blank": lambda value: " ",
    "cut short": lambda value: value[: len(value) // 2],
    "longer": lambda value: value + "A",
    "twice": lambda value: value + value,
    "one character changed": lambda value: value[:-3] + ("A" if value[-3] != "A" else "B") + value[-2:],
    "last character changed": with_another_end,
    "first character changed": lambda value: ("A" if value[0] != "A" else "B") + value[1:],
    "upside down": lambda value: value[::-1],
    "not ASCII": lambda value: "ünïcode \u0661\u0662",
    "a lone surrogate": lambda value: "\ud800",
    "control characters": lambda value: "\x00\x1f\x7f",
    "dots": lambda value: "..",
    "dots and more": lambda value: "e30..e30",
    "base64 of nothing much": lambda value: "bm90IGl0",
    "a list of versions": lambda value: "v2,abc v1 v1,",
    "JSON": lambda value: '{"alg": "none"}',
    "very long": lambda value: "A" * 100_000,
    "very many parts": lambda value: "v1,A " * 5_000,
}
SMALLER_CURVE = (  # P-256
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJ5XXg+0z+1D6Ix4S5p1PBFUvjAFnL3YW9QmAM1xXJ95c+9Cz44Yt+Nko/3+Znf3ViF+4dRoV"
    "19ITfkjwFnCqRA=="
)


def pem(text: str) -> str:
    return f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----"


def everything(ground: Ground) -> Any:
    queues = {name: [message.body for message in queue] for name, queue in ground.world.queues.items()}
    return [sorted(map(repr, stored(name))) for name in ("ledger", "rendezvous", "salts")], queues


def refused(ground: Ground, arrival: Arrival) -> None:
    before = everything(ground)
    answer = ground.send(arrival)
    assert answer["statusCode"] == 401, answer
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert everything(ground) == before


def proof_of(arrival: Arrival) -> dict[str, str]:
    """What the proof put there, by place: header names, and `secret` for the path's last part."""
    parts = {name: value for name, value in arrival.headers.items() if name != "content-type"}
    return parts | ({"secret": arrival.secret} if arrival.secret else {})


def changed(arrival: Arrival, place: str, value: str) -> Arrival:
    if place == "secret":
        return replace(arrival, path=f"{PATH}/{value}", secret=value)
    return replace(arrival, headers={**arrival.headers, place: value})


def covers_the_body(ground: Ground) -> bool:
    """A path secret says who speaks, and nothing about what is said."""
    return not ground.example.secret


def test_what_the_bank_signed_is_taken(ground: Ground) -> None:
    assert ground.send(ground.signed(ground.event.body))["statusCode"] == 202
    assert ground.world.queues["match"]


def test_without_a_proof(ground: Ground) -> None:
    refused(ground, ground.unsigned(ground.event.body))


def test_with_anothers_key(ground: Ground) -> None:
    strangers_key, _ = ground.adapter.proof.new_keys()
    refused(ground, ground.signed(ground.event.body, strangers_key))


def test_with_a_proof_that_lacks_a_part(ground: Ground) -> None:
    signed = ground.signed(ground.event.body)
    for place in proof_of(signed):
        headers = {name: value for name, value in signed.headers.items() if name != place}
        path = PATH if place == "secret" else signed.path
        refused(ground, replace(signed, headers=headers, path=path, secret=""))


@pytest.mark.parametrize("how", MALFORMED)
def test_with_a_malformed_proof(ground: Ground, how: str) -> None:
    signed = ground.signed(ground.event.body)
    for place, value in proof_of(signed).items():
        broken = changed(signed, place, MALFORMED[how](value))
        if place == "secret" and how in ("empty", "dots", "a lone surrogate"):
            continue  # no address has such a last part
        refused(ground, broken)


@pytest.mark.parametrize(
    "how", [lambda body: body + b"\n", lambda body: body.replace(b" ", b""), lambda body: body[:-1], lambda _: b""]
)
def test_with_another_body(ground: Ground, how: Callable[[bytes], bytes]) -> None:
    signed = ground.signed(json.dumps(ground.body).encode())
    altered = replace(signed, body=how(signed.body))
    if covers_the_body(ground):
        refused(ground, altered)
    else:
        assert ground.send(altered)["statusCode"] in (202, 400)


def test_at_another_banks_address(ground: Ground) -> None:
    signed = ground.signed(ground.event.body)
    path = signed.path.replace("/openbank/", "/nobank/")
    assert ground.send(replace(signed, path=path))["statusCode"] == 404


def test_two_keys_are_good_during_a_rotation_and_a_retired_one_is_not(ground: Ground) -> None:
    new_key, new = ground.adapter.proof.new_keys()
    both = Credentials(ground.credentials.secrets + new.secrets, ground.credentials.public_keys + new.public_keys)
    body, now = ground.event.body, ground.world.now
    for key in (ground.key, new_key):
        ground.adapter.proof.verify(ground.signed(body, key), both, now)
    with pytest.raises(Unauthenticated):
        ground.adapter.proof.verify(ground.signed(body), new, now)


def test_a_key_that_is_none_proves_nothing_and_harms_no_other(ground: Ground) -> None:
    nonsense = (
        "",
        "no key",
        "whsec_",
        "{",
        '{"kty": "EC"}',
        "AAAA",
        pem(""),
        pem(SMALLER_CURVE),
        '{"kty": "oct", "k": "AA"}',
    )
    good = ground.credentials
    mixed = Credentials(
        (*nonsense, *good.secrets) if good.secrets else (), (*nonsense, *good.public_keys) if good.public_keys else ()
    )
    signed = ground.signed(ground.event.body)
    ground.adapter.proof.verify(signed, mixed, ground.world.now)
    with pytest.raises(Unauthenticated):
        ground.adapter.proof.verify(signed, Credentials(nonsense, nonsense), ground.world.now)
    with pytest.raises(Unauthenticated):
        ground.adapter.proof.verify(signed, Credentials(), ground.world.now)


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_an_old_proof_is_refused_or_has_no_second_effect(ground: Ground, seconds: int) -> None:
    replayed = ground.signed(json.dumps(ground.body).encode(), at=ground.world.now - timedelta(seconds=seconds))
    if ground.adapter.proof.timed:
        refused(ground, replayed)
        return
    assert ground.send(replayed)["statusCode"] == 202
    ground.sells()
    ground.world.run()
    known = [wire.body for wire in ground.world.wires]
    assert ground.send(replayed)["statusCode"] == 202
    ground.world.run()
    assert [wire.body for wire in ground.world.wires] == known != []


@pytest.mark.parametrize("seconds", [-299, 0, 299])
def test_within_five_minutes_is_good(ground: Ground, seconds: int) -> None:
    arrival = ground.signed(ground.event.body, at=ground.world.now + timedelta(seconds=seconds))
    assert ground.send(arrival)["statusCode"] == 202


anything = st.text(max_size=300) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1"))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_a_stranger_sends_is_refused_in_one_way(ground: Ground, data: st.DataObject) -> None:
    signed = ground.example
    for place, value in proof_of(signed).items():
        cut = data.draw(st.integers(0, len(value)))
        broken = data.draw(anything | anything.map(lambda text, at=cut, old=value: old[:at] + text + old[at:]))
        if broken == value or _means_the_same(broken, value):
            continue
        with pytest.raises(Unauthenticated):
            ground.adapter.proof.verify(changed(signed, place, broken), ground.credentials, ground.world.now)


def _means_the_same(broken: str, value: str) -> bool:
    """A list of signatures may hold others beside the one that fits."""
    return value in broken.split(" ")


def test_proofs_are_documented(ground: Ground) -> None:
    described: Mapping[str, str] = {name.lower(): text for name, text in ground.adapter.proof.headers.items()}
    assert set(described) == {place for place in proof_of(ground.example) if place != "secret"}
