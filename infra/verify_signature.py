"""Says which part of a signed request differs: `python -m infra.verify_signature --help`.

For a bank or a till whose requests are answered with 401, and for those who help it. Nothing is sent anywhere, and
secrets are never printed.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from counterfoil.banks import BANKS
from counterfoil.banks.adapter import Arrival, BankAdapter, Credentials
from infra import signature_differences as differences
from infra.signature_differences import Verdict

SECRET_VARIABLE = "WEBHOOK_SECRET"  # noqa: S105 - its name
PROOFS = {adapter.name: adapter for adapter in BANKS if adapter.proof.headers}


class Unusable(Exception):
    """What was given is not enough to say anything; the text says what to give."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 the request is genuine, 1 it is not and why, 2 it could not be examined."""
    given = _parser().parse_args(arguments)
    try:
        call, credentials = _call(given), _credentials(given)
        adapter = _adapter(given.wire, call)
        found = list(_findings(adapter, call, credentials, given.at))
    except (Unusable, OSError) as unusable:
        print(unusable, file=sys.stderr)
        return 2
    for line in found or ["Genuine: the signature fits, and the time is within five minutes."]:
        print(line)
    return 1 if found else 0


def _findings(adapter: BankAdapter, call: Arrival, credentials: Credentials, at: datetime) -> Iterator[str]:
    """A line each; none where the request is genuine."""
    gone = differences.missing(adapter, call)
    for name in gone:
        yield f"✗ the header {name} is missing, or empty. {adapter.proof.headers[name]}"
    if gone:
        return
    verdict = differences.examine(adapter, call, credentials, at)
    if verdict.genuine:
        return
    for difference in verdict.differences:
        yield f"✗ {difference}"
    if verdict.seconds_off:
        yield _clock(verdict.seconds_off)
    if verdict == Verdict(genuine=False):
        yield from _nothing_fits(call, credentials)
    else:
        yield "  Everything else fits."


def _clock(seconds_off: int) -> str:
    early_or_late = "behind" if seconds_off > 0 else "ahead of"
    return (
        f"✗ the clock: the request was stamped {abs(seconds_off)} seconds {early_or_late} the moment it came; 300 are "
        "allowed. (For a request that was kept, say with --at when it came.)"
    )


def _nothing_fits(call: Arrival, credentials: Credentials) -> Iterator[str]:
    yield "✗ the signature fits neither this request nor any of its likely variants."
    for number, secret in enumerate(credentials.secrets, start=1):
        fault = differences.faults_of_secret(secret)
        yield f"✗ the secret ({number}) {fault}." if fault else f"  The secret ({number}) has the right form."
    yield from _jws_facts(call, credentials)
    yield "  So it is another's secret or key, or the body was changed in some other way. To compare with the sender's:"
    digest = hashlib.sha256(call.body).hexdigest()
    yield f"  the body as it came has {len(call.body)} bytes, and its SHA-256 is {digest}."


def _jws_facts(call: Arrival, credentials: Credentials) -> Iterator[str]:
    """What the protected header of a JWS says of itself."""
    header = _protected(call.headers.get("tl-signature", ""))
    if header is None:
        return
    if header.get("alg") != "ES512" or header.get("tl_version") != "2":
        yield '✗ tl-signature: its header must say `"alg": "ES512"` and `"tl_version": "2"`.'
    listed = str(header.get("tl_headers", "")).split(",")
    for name in listed:
        if name and name.lower() not in call.headers:
            yield f"✗ tl-signature: it covers the header {name}, which the request does not have."
    if "x-tl-webhook-timestamp" not in map(str.lower, listed):
        yield "✗ tl-signature: `tl_headers` does not list X-Tl-Webhook-Timestamp, which must be signed."
    known = {json.loads(key).get("kid") for key in credentials.public_keys if key.lstrip().startswith("{")}
    if known and header.get("kid") not in known:
        yield "✗ tl-signature: its `kid` is none of the keys given."


def _protected(value: str) -> dict[str, Any] | None:
    head, dots, _ = value.partition("..")
    try:
        decoded = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError:
        return None
    return decoded if dots and isinstance(decoded, dict) else None


# What is given


def _call(given: argparse.Namespace) -> Arrival:
    method, target, headers, body = given.method, given.path, {}, b""
    if given.request:
        line, headers, body = _raw(given.request.read_bytes())
        method, target = line[0], line[1]
    for header in given.header:
        name, colon, value = header.partition(":")
        if not colon:
            raise Unusable(f"--header: no colon in {name!r}; give it as `Name: value`")
        headers[name.strip().lower()] = value.strip()
    if given.body_file:
        body = given.body_file.read_bytes()
    return Arrival(method, re.sub(r"^https?://[^/]+", "", target).partition("?")[0], headers, body)


def _raw(raw: bytes) -> tuple[tuple[str, str], dict[str, str], bytes]:
    """Request line, headers and body of raw HTTP, or of what `curl -v` prints (which leaves the body out)."""
    if re.search(rb"^> [A-Z]+ \S+ HTTP/", raw, re.MULTILINE):
        sent = [line[2:] for line in raw.splitlines() if line.startswith(b"> ")]
        head, body = sent, b""
    else:
        top, _, body = raw.replace(b"\r\n", b"\n", raw.partition(b"\r\n\r\n")[0].count(b"\r\n") + 2).partition(b"\n\n")
        head = top.split(b"\n")
    found = re.match(r"([A-Z]+) (\S+)(?: HTTP/\S+)?$", head[0].decode("latin-1").strip()) if head else None
    if not found:
        raise Unusable("--request: the file does not start with a line such as `POST /v1/… HTTP/1.1`")
    headers = {}
    for line in head[1:]:
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return (found[1], found[2]), headers, body


def _credentials(given: argparse.Namespace) -> Credentials:
    lines = [line for file in given.secret_file for line in file.read_text().splitlines() if line.strip()]
    if os.environ.get(SECRET_VARIABLE):
        lines.append(os.environ[SECRET_VARIABLE])
    keys = [file.read_text().strip() for file in given.public_key_file]
    if not lines and not keys:
        raise Unusable(f"give --secret-file, the variable {SECRET_VARIABLE}, or --public-key-file")
    return Credentials(tuple(lines), tuple(keys))


def _adapter(wire: str | None, call: Arrival) -> BankAdapter:
    if wire:
        return PROOFS[wire]
    found = differences.wires_of(call)
    if len(found) != 1:
        wanted = "; ".join(f"{name}: {', '.join(one.proof.headers)}" for name, one in PROOFS.items())
        raise Unusable(f"The request has no header of a signature that is known, or of several ({wanted}). Say --wire.")
    return found[0]


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.verify_signature",
        description="Says which part of a signed request differs: a header, the clock, the secret, the body, the path. "
        "Give the request as it was sent: in one file, or by its parts.",
        epilog="Example: WEBHOOK_SECRET=whsec_… python -m infra.verify_signature --request request.http. "
        "The file holds raw HTTP: request line, headers, an empty line, the body. The output of `curl -v` will do as "
        "well, together with --body-file. Exit code: 0 genuine, 1 not, 2 could not tell.",
    )
    parser.add_argument("--request", type=Path, metavar="FILE", help="the request as raw HTTP, or what curl -v printed")
    parser.add_argument(
        "--header", action="append", default=[], metavar="'NAME: VALUE'", help="a header; may be repeated"
    )
    parser.add_argument("--body-file", type=Path, metavar="FILE", help="the body, byte by byte as it was sent")
    parser.add_argument("--method", default="POST", help="the method, where there is no --request (POST)")
    parser.add_argument("--path", default="/", help="the path, for those who sign it")
    parser.add_argument(
        "--secret-file", type=Path, action="append", default=[], metavar="FILE", help="webhook secrets, one a line"
    )
    parser.add_argument(
        "--public-key-file", type=Path, action="append", default=[], metavar="FILE", help="a public key as registered"
    )
    parser.add_argument("--wire", choices=sorted(PROOFS), help="how it is signed; else told by the headers")
    parser.add_argument(
        "--at", type=_instant, default=datetime.now(UTC), metavar="TIME", help="when it came, RFC 3339 (now)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
