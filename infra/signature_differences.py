"""What makes a signature that does not fit one that does: each likely mistake is undone, alone and with others, until
the bank's own wire accepts the request. No secret and no part of one is ever told.
"""

import base64
import binascii
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from counterfoil.banks import BANKS
from counterfoil.banks.adapter import Arrival, BankAdapter, Credentials
from counterfoil.errors import Unauthenticated

MOST_CHANGES = 2
PREFIX = "whsec_"
KEY_BYTES = range(24, 65)

Option = tuple[str, Any]  # what was wrong, and the part as it would be right; nothing wrong is ""


@dataclass(frozen=True)
class Verdict:
    """`genuine`: as sent, at that moment. `differences`: what has to be put right, all of it; empty where none of what
    was tried helps. `seconds_off`: how much later than it was stamped the request came, where that is too much."""

    genuine: bool
    differences: tuple[str, ...] = ()
    seconds_off: int = 0


def wires_of(call: Arrival) -> list[BankAdapter]:
    """The adapters of whose proof the request has at least one header."""
    return [one for one in BANKS if {name.lower() for name in one.proof.headers} & set(call.headers)]


def missing(adapter: BankAdapter, call: Arrival) -> list[str]:
    """The headers of the proof that the request lacks."""
    return [name for name in adapter.proof.headers if not call.headers.get(name.lower(), "").strip()]


def examine(adapter: BankAdapter, call: Arrival, credentials: Credentials, at: datetime) -> Verdict:
    """Why the request was refused when it came `at` that moment."""
    parts = [_keys(credentials), _bodies(call.body), _lines(call), _headers(adapter, call)]
    for choice in sorted(itertools.product(*map(list, parts)), key=_count):
        if _count(choice) > MOST_CHANGES:
            break
        (_, keys), (_, body), (_, (method, path)), (_, headers) = choice
        tried = replace(call, method=method, path=path, headers=headers, body=body)
        seconds_off = _fits(adapter, tried, keys, at)
        if seconds_off is not None:
            says = tuple(option[0] for option in choice if option[0])
            return Verdict(not says and not seconds_off, says, seconds_off)
    return Verdict(genuine=False)


def _count(choice: Iterable[Option]) -> int:
    return sum(bool(says) for says, _ in choice)


def _fits(adapter: BankAdapter, call: Arrival, credentials: Credentials, at: datetime) -> int | None:
    """How many seconds lie between its stamp and `at`, where that alone is wrong; 0 where nothing is."""
    for moment in (at, *_stamps(adapter, call)):
        try:
            adapter.proof.verify(call, credentials, moment)
        except Unauthenticated:
            continue
        return round((at - moment).total_seconds())
    return None


def _stamps(adapter: BankAdapter, call: Arrival) -> Iterator[datetime]:
    for name in adapter.proof.headers:
        stamp = _moment(call.headers.get(name.lower(), ""))
        if stamp is not None:
            yield stamp


def _moment(text: str) -> datetime | None:
    """Seconds since 1970, or RFC 3339."""
    try:
        moment = datetime.fromtimestamp(int(text), UTC) if text.isdigit() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.utcoffset() is not None else None


# The parts, first as they are, then as they may have been


def _bodies(body: bytes) -> Iterator[Option]:
    yield "", body
    ended = body.rstrip(b"\r\n")
    if ended != body:
        yield "the body: the signature fits without the line's end after it", ended
    yield "the body: the signature fits with a line's end after it", body + b"\n"
    if b"\r\n" in body:
        yield "the body: line ends were changed from LF to CRLF on the way", body.replace(b"\r\n", b"\n")
    if body.startswith(b"\xef\xbb\xbf"):
        yield "the body: a byte order mark was put before it", body[3:]
    if body.strip() not in (body, ended):
        yield "the body: blanks were put around it", body.strip()
    yield "the body: it was not signed at all, but nothing in its place", b""
    yield from _spellings(body)


def _spellings(body: bytes) -> Iterator[Option]:
    """The same JSON, written by another serialiser."""
    try:
        value = json.loads(body)
    except ValueError:
        return
    ways: dict[str, dict[str, Any]] = {
        "without blanks": {"separators": (",", ":")},
        "with a blank after each comma and colon": {},
        "indented by two": {"indent": 2},
        "indented by four": {"indent": 4},
    }
    for way, options in ways.items():
        for order, sort in (("", False), (", members by name", True)):
            for letters, escaped in (("", False), (", other letters escaped", True)):
                written = json.dumps(value, sort_keys=sort, ensure_ascii=escaped, **options).encode()
                if written != body:
                    yield f"the body: it was written anew as JSON after it was signed ({way}{order}{letters})", written


def _lines(call: Arrival) -> Iterator[Option]:
    """Method and path, for those who sign them."""
    yield "", (call.method, call.path)
    stem = call.path.rstrip("/")
    other = stem if stem != call.path else f"{stem}/"
    yield "the path: it was signed as " + other, (call.method, other)
    inner = re.search(r"/v\d+/.*", call.path)
    if inner and inner.group() != call.path:
        yield "the path: it was signed without what stands before " + inner.group(), (call.method, inner.group())
    for method in ("POST", "PUT", "GET"):
        if method != call.method:
            yield f"the method: it was signed as {method}", (method, call.path)


def _headers(adapter: BankAdapter, call: Arrival) -> Iterator[Option]:
    yield "", call.headers
    names = [name.lower() for name in adapter.proof.headers]
    others = {name: value for name, value in call.headers.items() if name not in names}
    for name in names:
        value = call.headers.get(name, "")
        for says, changed in _spelt(name, value, others):
            if changed != value:
                yield f"{name}: {says}", {**call.headers, name: changed}


def _spelt(name: str, value: str, others: Mapping[str, str]) -> Iterator[Option]:
    yield "blanks or quotes stand around it", value.strip(" \t\"'")
    if name.endswith("signature"):
        yield from _signatures(value)
    elif name.endswith("timestamp"):
        if value.isdigit() and len(value) > 11:
            yield "it counts milliseconds; seconds are wanted", str(int(value) // 1000)
        elif (moment := _moment(value)) is not None and not value.isdigit():
            yield "it is written as a date; seconds since 1970 are wanted", str(int(moment.timestamp()))
        if (sent := _date(others.get("date", ""))) is not None:
            yield "another time was signed: that of the header date", str(int(sent.timestamp()))
    elif name.endswith("id"):
        for other, text in others.items():
            yield f"another id was signed: that of the header {other}", text


def _signatures(value: str) -> Iterator[Option]:
    version, comma, text = value.rpartition(",")
    yield "it is without the version `v1,` before it", f"v1,{value}"
    yield "the version stands before `=` in place of a comma", re.sub(r"^v1=", "v1,", value)
    bare = re.sub(r"^(sha256|sha512|v1)=", "", text)
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", bare):
        encoded = base64.b64encode(bytes.fromhex(bare)).decode()
        yield "it is written in hex; base64 is wanted", f"{version or 'v1'},{encoded}"
        yield "it is written in hex; base64 is wanted", encoded
    usual = text.replace("-", "+").replace("_", "/")
    padded = usual + "=" * (-len(usual) % 4)
    yield "it is written in base64's form for addresses, or without padding", f"{version}{comma}{padded}"


def _date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None


def _keys(credentials: Credentials) -> Iterator[Option]:
    yield "", credentials
    for secret in credentials.secrets:
        for says, other in _secrets(secret):
            yield says, Credentials(secrets=(other,))
    for key in credentials.public_keys:
        for says, other in _public_keys(key):
            yield says, Credentials(public_keys=(other,))


def _secrets(secret: str) -> Iterator[Option]:
    plain = secret.strip(" \t\r\n\"'")
    text = plain.removeprefix(PREFIX)
    yield "the secret: blanks or quotes stand around it", plain
    yield f"the secret: `{PREFIX}` is missing before it", PREFIX + plain
    yield "the secret: it is written in base64's form for addresses", PREFIX + text.replace("-", "+").replace("_", "/")
    as_text = "the secret: its text was the key; what follows `whsec_` has to be base64-decoded first"
    for used in (text, plain):
        yield as_text, PREFIX + base64.b64encode(used.encode()).decode()
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", text):
        yield (
            "the secret: it is written in hex; base64 is wanted",
            PREFIX + base64.b64encode(bytes.fromhex(text)).decode(),
        )


def _public_keys(key: str) -> Iterator[Option]:
    plain = key.strip(" \t\r\n\"'")
    inner = re.search(r"-----BEGIN ([A-Z ]+)-----(.*?)-----END", plain, re.DOTALL)
    if inner:
        yield "the public key: base64 is wanted, without the lines of PEM around it", "".join(inner[2].split())
    else:
        lines = "\n".join(re.findall(".{1,64}", "".join(plain.split())))
        pem = f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"
        yield "the public key: PEM or a JWK is wanted, not bare base64", pem
    try:
        told = json.loads(plain)
    except ValueError:
        return
    for one in told.get("keys", [told]):
        if told is not one:
            yield "the public key: it is a set of keys; one of them is wanted", json.dumps(one)
        without_id = {name: value for name, value in one.items() if name != "kid"}
        yield "the public key: its `kid` is not the signature's", json.dumps(without_id)


def faults_of_secret(secret: str) -> str:
    """What is wrong with a secret's form, or nothing."""
    if not secret.startswith(PREFIX):
        return f"does not start with `{PREFIX}`"
    text = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return f"is not base64 after `{PREFIX}`"
    if len(key) not in KEY_BYTES:
        return f"is {len(key)} bytes long; {KEY_BYTES.start} to {KEY_BYTES.stop - 1} are wanted"
    return ""
