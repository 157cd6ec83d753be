"""Signatures made by others: vectors of the Standard Webhooks libraries, of Starling's and TrueLayer's public samples,
and of openssl; and what the sandbox's programs sign with libraries that the application does not use.
"""

import base64
import json
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import pytest

from counterfoil.banks import adapter_named, direct, jws, starling
from counterfoil.banks.adapter import Arrival, Credentials
from counterfoil.domain import webhooks
from counterfoil.errors import Unauthenticated
from infra.sandbox import signing

NOW = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)

# secret, message id, timestamp, body, signature
STANDARD_WEBHOOKS = {
    "python": (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
    "rust": (
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
        1649367553,
        b'{"email":"test@example.com","username":"test_user"}',
        "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
    ),
}

STARLINGS_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAgIdCVYnz6JOFT7GGtjrMg4uaPRGGs5VlglSSd9i2i73zRp7AwZm8O/3LM5kPuPON"
    "OysJpdVSz9x6VGsRcaKkvMaOfYWYa6fe4l5IFiM8Z+WaL0WjIebdJOOjWxH3q/kW6KclwKBW0+2iNZPcZocllCOjPn/swp2MdhKLJOQkdB/1"
    "Q8Emxr6tsOlJkc2lWpXdtPHWUbBp31eF5/eDmuVCCBhTL76UyogQNgRV5qH2g/a2bNcNgTThR0PntXJLy2HLi9cEfXepevpoJM8HXNdaFwZV"
    "4pQUEzm3/jG7zI3isXnvtffG4uTIR8Q35yDrYeN8pX+zOAcnJYNbr9xdFEv7JQIDAQAB"
)
STARLINGS_SIGNATURE = (
    "KDGgtd7VDeyvNdyafyXNVZM8l/0zohWze5UCt1N0mbzCZ1f23nYEgnLrFvTRYADnToat/axKOGeXjiOBWJh/FcPvcWParx8x5d35j2u76/Um"
    "RPKjo8jxtMspmN27WlPdtTRr9kqHdDHUg80/9z1qKuEcUfm4EQX52NOvozDMb4qyYorgxaFCwUwMdZNskArIBTeJBtULAOtJqnEGipKRtRje"
    "U6j2xD2uNzc3Vcy3+tdImRfqbX6SkS44zgkcFua6xEc09qRnRvLd+bxjSIufQ/wU695Uej9AtFg7MlrRCUaEZ2SVkNcmOUdRP2q882Y9mWGD"
    "IXdk66QHCVfCVu7pog=="
)
STARLINGS_BODY = b'{"one":"Value","two":"Other"}'

OPENSSLS_KEY = (
    "MIIBojANBgkqhkiG9w0BAQEFAAOCAY8AMIIBigKCAYEAumlXcBijeKQ5TDNw2jHgwBF85BVv1JmK+5kOH5nVkj8nf4KBScF+i+z7SMPm7Tem"
    "6Msny8P99wco2cJ13j+WpHZ8/VL+wDRZ7ayaVe34jnTYwmmQDZJNoAr9E+gNdEANW7uC8ecm3E1atsYC/AGKlC6lccHXyKMoO27ft0RpM8xj"
    "udOAsTQ6swc6X4WFRdv4NgZKqtae4A6R4G/4ZjK8pAe7QGHrbhtfuqVcen6mZHGvREs9QmSga1KIGmQLLFQ97jKH9RpDgOrqwX6Q5M+6NmLL"
    "zHfcbZh/z1g213BVMnsMuG686VhoSn9HkoVYQOT2ZspFmtEWoFAxxmXsBVnPzyykGxN1FvupPPjRVha+8s0yp1UHPr1CXMt09GaXbqu6f0DH"
    "ImRIuanaswTWHoCKhBrPYM5BX7eIOOyzzAw0cWZQhd85zUycBskegMQCJW0pmiPZoRRn5b64z+V2vClgUeh4sVY5lwU2Kd7aFEObRvsVsjTq"
    "b1sunZZPWQLT8kPXAgMBAAE="
)
OPENSSLS_SIGNATURE = (
    "hu2nUTgifSFoTouLnCsZtr8fzPHmh3Yv7htsQ84Ycnh4qD6VjY0y1kfqu2TF2X2ajfmypwnjl3uetyFfvYinWIYqj1ajK4SN6KWAhBpXsRg2"
    "uDC7bRtpIKRGP09uH4H5U8MdiISlqxfN4ld8SZIjJtfJ4gKJUPlrbRTciFJs3JpV+oVfQcWrSUcvEzMkQQmNfViBwZseAKvO2xO2ur9B1ctb"
    "PR8oXwOem7qiJczry0guA2oPErqRdoaHLLqoH2nFX8o48avwYDBxrW1cGd/wDJZ5tmCxHKZcQENjIQjzbgsV9cXE6muestSzJoMaE1pVpbiN"
    "YIr8pZ26Lkh4u2Cix18BjBR5CRpjBrITCo8tYiJmSkQlgSMgp54IRo8LGLPfzipZykyMu0mrJ4rjyHme02d2ojvHGPs6A1m9w76GwcTPTer8"
    "Ld2Pnk8JJIvJMBab0BGJ0tl/JCPwxbeA5RkvQhCi2gLFYs/OOBDyYQ52WvW6v1ayR5Wqa5OrXveQqPOz"
)
OPENSSLS_BODY = '{"content":{"counterPartyName":"Café Zoë £","amount":{"minorUnits":1}}}'.encode()

TRUELAYERS_PEM = f"""-----BEGIN PUBLIC KEY-----
{
    (
        "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQAoLuW4nFqoUuR8d7FVsUoI62libYdQlWGtLStnqdudLY92bQ0ra5eZAbkunrGTR9+w9mr4o2E"
        "tyb6pC7YB2+23WMBfVyOQYyKW2KQ+uRfj2rC4kN1wRNpOyP6TIU/yOwX1blcAHdni0GJC1zvYNCclh4rIBX9PqplO0UoWv5OniK76Ps="
    )
}
-----END PUBLIC KEY-----
"""
TRUELAYERS_JWK = {
    "kty": "EC",
    "alg": "ES512",
    "kid": "45fc75cf-5649-4134-84b3-192c2c78e990",
    "crv": "P-521",
    "x": "oLuW4nFqoUuR8d7FVsUoI62libYdQlWGtLStnqdudLY92bQ0ra5eZAbkunrGTR9-w9mr4o2Etyb6pC7YB2-23WM",
    "y": "AX1cjkGMiltikPrkX49qwuJDdcETaTsj-kyFP8jsF9W5XAB3Z4tBiQtc72DQnJYeKyAV_T6qZTtFKFr-Tp4iu-j7",
}
# Its header holds a `jku`.
TRUELAYERS_WEBHOOK = (
    "eyJhbGciOiJFUzUxMiIsImtpZCI6IjQ1ZmM3NWNmLTU2NDktNDEzNC04NGIzLTE5MmMyYzc4ZTk5MCIsInRsX3ZlcnNpb24iOiIyIiwidGxf"
    "aGVhZGVycyI6IlgtVGwtV2ViaG9vay1UaW1lc3RhbXAsQ29udGVudC1UeXBlIiwiamt1IjoiaHR0cHM6Ly93ZWJob29rcy50cnVlbGF5ZXIu"
    "Y29tLy53ZWxsLWtub3duL2p3a3MifQ..AB9S1dzZTmw0tofUjJNGO7Kt_jZsahPyIrBTdhfxBWOI3KoLALkMy6ka1MjpZQx06_hQUJnanu9K"
    "_LS6V9lNaNGiAX5Cos5RWQfbeBCZWqAvIpXO3FvIzyJKRaTYK8FBG4lfJYPi76_pIkCLGKWeq8__7ElpMVRcLTM5IBKWL8isVZn_"
)
# Signs an Idempotency-Key and no time.
TRUELAYERS_REQUEST = (
    "eyJhbGciOiJFUzUxMiIsImtpZCI6IjQ1ZmM3NWNmLTU2NDktNDEzNC04NGIzLTE5MmMyYzc4ZTk5MCIsInRsX3ZlcnNpb24iOiIyIiwidGxf"
    "aGVhZGVycyI6IklkZW1wb3RlbmN5LUtleSJ9..AEXUHJ9eXGRYyXjjXkAyp4vALl7vMB6D78-"
    "frHcH2eV641SU9Q8LMqm77jDYUxuJYP_1Rg0l8-"
    "dLRVtWNDTFY_JYABXE6MEv3qSbyXnKrYMKIeDzG86lj9VLZXKRfWjNeBpGN983kW69Dc71yNapGTPMbB49Rue5bLIAjm6LLwDP00D_"
)
TRUELAYERS_MOMENT = datetime(2021, 11, 29, 11, 42, 55, tzinfo=UTC)
TRUELAYERS_CALL = Arrival(
    "POST",
    "/tl-webhook",
    {
        "x-tl-webhook-timestamp": "2021-11-29T11:42:55Z",
        "content-type": "application/json",
        "tl-signature": TRUELAYERS_WEBHOOK,
    },
    b'{"event_type":"example","event_id":"18b2842b-a57b-4887-a0a6-d3c7c36f1020"}',
)


@pytest.mark.parametrize("vector", STANDARD_WEBHOOKS)
def test_standard_webhooks(vector: str) -> None:
    secret, message_id, timestamp, body, signature = STANDARD_WEBHOOKS[vector]
    assert webhooks.sign(secret, message_id, timestamp, body) == signature
    headers = {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": signature}
    call, now = Arrival("POST", "/", headers, body), datetime.fromtimestamp(timestamp, UTC)
    direct.ADAPTER.proof.verify(call, Credentials(secrets=(secret,)), now)
    with pytest.raises(Unauthenticated):
        direct.ADAPTER.proof.verify(replace(call, body=body + b" "), Credentials(secrets=(secret,)), now)


@pytest.mark.parametrize(
    ("key", "signature", "body"),
    [(STARLINGS_KEY, STARLINGS_SIGNATURE, STARLINGS_BODY), (OPENSSLS_KEY, OPENSSLS_SIGNATURE, OPENSSLS_BODY)],
    ids=["Starling's sample", "openssl dgst -sha512 -sign"],
)
def test_rsa(key: str, signature: str, body: bytes) -> None:
    call, verify = Arrival("POST", "/", {"x-hook-signature": signature}, body), starling.ADAPTER.proof.verify
    in_lines = "\n".join(key[at : at + 64] for at in range(0, len(key), 64))
    for known in (key, in_lines):
        verify(call, Credentials(public_keys=(known,)), NOW)
    for wrong in (replace(call, body=body + b" "), replace(call, headers={"x-hook-signature": signature[:-4]})):
        with pytest.raises(Unauthenticated):
            verify(wrong, Credentials(public_keys=(key,)), NOW)


def test_a_key_of_another_kind_is_no_rsa_key() -> None:
    call = Arrival("POST", "/", {"x-hook-signature": STARLINGS_SIGNATURE}, STARLINGS_BODY)
    elliptic = "".join(TRUELAYERS_PEM.splitlines()[1:-1])
    with pytest.raises(Unauthenticated):
        starling.ADAPTER.proof.verify(call, Credentials(public_keys=(elliptic,)), NOW)


def verify_truelayers(call: Arrival = TRUELAYERS_CALL, *keys: str, at: datetime = TRUELAYERS_MOMENT) -> None:
    jws.ADAPTER.proof.verify(call, Credentials(public_keys=keys or (TRUELAYERS_PEM,)), at)


@pytest.mark.parametrize("key", [TRUELAYERS_PEM, json.dumps(TRUELAYERS_JWK)], ids=["PEM", "JWK"])
def test_detached_jws(key: str) -> None:
    for seconds in (-299, 0, 299):
        verify_truelayers(TRUELAYERS_CALL, key, at=TRUELAYERS_MOMENT + timedelta(seconds=seconds))


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _with_header(name: str, value: str) -> Arrival:
    return replace(TRUELAYERS_CALL, headers={**TRUELAYERS_CALL.headers, name: value})


@pytest.mark.parametrize(
    "call",
    [
        _with_header("x-tl-webhook-timestamp", "2021-11-29T11:42:56Z"),
        _with_header("content-type", "text/plain"),
        replace(TRUELAYERS_CALL, path="/tl-webhook-2"),
        replace(TRUELAYERS_CALL, method="PUT"),
        replace(TRUELAYERS_CALL, body=TRUELAYERS_CALL.body + b"\n"),
    ],
    ids=["time", "listed header", "path", "method", "body"],
)
def test_a_detached_jws_covers_all_of_the_request(call: Arrival) -> None:
    with pytest.raises(Unauthenticated):
        verify_truelayers(call)


def test_content_of_its_own_is_not_what_a_jws_is_verified_over() -> None:
    """A JWS that brings the content it was made for says nothing about the body beside it."""
    header, _, signature = TRUELAYERS_WEBHOOK.split(".")
    signed = (
        b"POST /tl-webhook\nX-Tl-Webhook-Timestamp: 2021-11-29T11:42:55Z\nContent-Type: application/json\n"
        + TRUELAYERS_CALL.body
    )
    whole = f"{header}.{base64url(signed)}.{signature}"
    forged = replace(_with_header("tl-signature", whole), body=b'{"event_type":"forged"}')
    with pytest.raises(Unauthenticated):
        verify_truelayers(forged)


def test_the_time_must_be_among_what_is_signed() -> None:
    call = Arrival(
        "POST",
        "/merchant_accounts/a61acaef-ee05-4077-92f3-25543a11bd8d/sweeping",
        {
            "idempotency-key": "idemp-2076717c-9005-4811-a321-9e0787fa0382",
            "x-tl-webhook-timestamp": "2021-11-29T11:42:55Z",
            "tl-signature": TRUELAYERS_REQUEST,
        },
        b'{"currency":"GBP","max_amount_in_minor":5000000,"name":"Foo???"}',
    )
    with pytest.raises(Unauthenticated, match="fits no key"):
        verify_truelayers(call)


def test_a_jwk_verifies_its_own_kid_alone() -> None:
    other = json.dumps(TRUELAYERS_JWK | {"kid": "another"})
    with pytest.raises(Unauthenticated):
        verify_truelayers(TRUELAYERS_CALL, other)
    verify_truelayers(TRUELAYERS_CALL, other, json.dumps(TRUELAYERS_JWK))


def test_a_jku_is_never_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    def called(*_: Any) -> NoReturn:
        raise AssertionError("somebody was called")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, called)
    _, stranger = jws.ADAPTER.proof.new_keys()
    with pytest.raises(Unauthenticated, match="fits no key"):
        verify_truelayers(TRUELAYERS_CALL, *stranger.public_keys)


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "HS512"}, {"tl_version": "1"}, {"kid": 7}, {"tl_headers": []}]
)
def test_a_header_that_says_something_else(header: dict[str, Any]) -> None:
    _, _, signature = TRUELAYERS_WEBHOOK.split(".")
    usual = {"alg": "ES512", "kid": TRUELAYERS_JWK["kid"], "tl_version": "2", "tl_headers": "X-Tl-Webhook-Timestamp"}
    value = f"{base64url(json.dumps(usual | header).encode())}..{signature}"
    with pytest.raises(Unauthenticated):
        verify_truelayers(_with_header("tl-signature", value))


@pytest.mark.parametrize("name", [name for name in signing.SCHEMES if adapter_named(name).proof.headers])
def test_what_the_sandboxs_own_libraries_sign(name: str) -> None:
    adapter, scheme = adapter_named(name), signing.SCHEMES[name]
    key, public_keys = scheme.new_keys()
    credentials = Credentials(public_keys=tuple(public_keys)) if public_keys else Credentials(secrets=(key,))
    request = signing.Request("POST", "/v1/banks/any/transactions", '{"name": "Café"}'.encode())
    call = Arrival(request.method, request.path, scheme.sign(key, request, NOW), request.body)
    adapter.proof.verify(call, credentials, NOW)
    with pytest.raises(Unauthenticated):
        adapter.proof.verify(replace(call, body=b"{}"), credentials, NOW)
