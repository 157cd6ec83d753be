"""Whoever's request is refused is told which part differs, and no secret is ever shown."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra import verify_signature
from infra.sandbox import signing

NOW = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)
PATH = "/v1/banks/openbank/transactions"
BODY = '{"type": "transaction.authorised", "data": {"name": "Café", "amount": 585}}'.encode()
KEYS = {name: scheme.new_keys() for name, scheme in signing.SCHEMES.items()}
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Kept:
    """A request as it was kept, and what it is to be checked with."""

    wire: str
    headers: dict[str, str]
    body: bytes = BODY
    path: str = PATH
    key: str = field(default="")
    at: datetime = NOW

    def examined(self, folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
        """The exit code, and all that was printed."""
        signing_key, public_keys = KEYS[self.wire]
        lines = [f"POST {self.path} HTTP/1.1", "Host: api.example", *(f"{n}: {v}" for n, v in self.headers.items())]
        (folder / "request").write_bytes("\r\n".join(lines).encode() + b"\r\n\r\n" + self.body)
        (folder / "key").write_text(self.key or (public_keys or [signing_key])[0])
        kind = "--public-key-file" if public_keys else "--secret-file"
        order = ["--request", str(folder / "request"), kind, str(folder / "key"), "--at", self.at.isoformat(), *more]
        code = verify_signature.main(order)
        printed = "".join(capsys.readouterr())
        assert signing_key not in printed
        assert signing_key.removeprefix("whsec_") not in printed
        return code, printed


def good(wire: str, body: bytes = BODY, path: str = PATH, key: str = "") -> Kept:
    request = signing.Request("POST", path, body, "msg_1")
    return Kept(wire, signing.SCHEMES[wire].sign(key or KEYS[wire][0], request, NOW))


def header(kept: Kept, name: str, change: Callable[[str], str]) -> Kept:
    return replace(kept, headers={**kept.headers, name: change(kept.headers[name])})


def without(kept: Kept, name: str) -> Kept:
    return replace(kept, headers={other: value for other, value in kept.headers.items() if other != name})


def as_hex(value: str) -> str:
    return base64.b64decode(value.removeprefix("v1,")).hex()


def text_as_key(text: str) -> str:
    """What a sender's library makes of a secret whose text it takes for the key."""
    return "whsec_" + base64.b64encode(text.encode()).decode()


DIRECT, STARLING, JWS = good("direct"), good("starling"), good("jws")
SECRET = KEYS["direct"][0]
SPKI = KEYS["starling"][1][0]
JWK = json.loads(KEYS["jws"][1][0])
COMPACT = json.dumps(json.loads(BODY), separators=(",", ":"), ensure_ascii=False).encode()
CASES: dict[str, tuple[Kept, str]] = {
    "a header is missing": (without(DIRECT, "webhook-id"), "the header webhook-id is missing"),
    "a header is empty": (header(DIRECT, "webhook-signature", lambda _: ""), "the header webhook-signature is missing"),
    "the clock is behind": (replace(DIRECT, at=NOW + timedelta(seconds=301)), "stamped 301 seconds behind"),
    "the clock is ahead": (replace(JWS, at=NOW - timedelta(hours=1)), "stamped 3600 seconds ahead of"),
    "a line's end at the end": (replace(DIRECT, body=BODY + b"\n"), "fits without the line's end after it"),
    "a line's end is lost": (replace(good("starling", BODY + b"\n"), body=BODY), "fits with a line's end after it"),
    "CRLF": (replace(good("direct", b'{"a":\n1}'), body=b'{"a":\r\n1}'), "changed from LF to CRLF"),
    "a byte order mark": (replace(STARLING, body=b"\xef\xbb\xbf" + BODY), "byte order mark"),
    "nothing was signed": (replace(good("direct", b""), body=BODY), "not signed at all"),
    "JSON without blanks": (replace(good("jws", COMPACT), body=BODY), "anew as JSON after it was signed (without"),
    "JSON escaped": (
        replace(good("direct", json.dumps(json.loads(BODY)).encode()), body=BODY), "other letters escaped"),
    "milliseconds": (header(DIRECT, "webhook-timestamp", lambda at: at + "000"), "counts milliseconds"),
    "a date": (header(DIRECT, "webhook-timestamp", lambda _: "2026-11-21T09:15:00Z"), "written as a date"),
    "another id": (
        replace(header(DIRECT, "webhook-id", lambda _: "msg_2"), headers={
            **DIRECT.headers, "webhook-id": "msg_2", "x-request-id": "msg_1"}),
        "another id was signed: that of the header x-request-id"),
    "another time": (
        replace(DIRECT, headers={
            **DIRECT.headers, "webhook-timestamp": "1795252507", "date": "Sat, 21 Nov 2026 09:15:00 GMT"}),
        "another time was signed: that of the header date"),
    "no version": (header(DIRECT, "webhook-signature", lambda value: value[3:]), "without the version `v1,`"),
    "a version with =": (header(DIRECT, "webhook-signature", lambda value: "v1=" + value[3:]), "in place of a comma"),
    "hex": (header(DIRECT, "webhook-signature", as_hex), "written in hex"),
    "hex of RSA": (header(STARLING, "x-hook-signature", as_hex), "x-hook-signature: it is written in hex"),
    "no padding": (header(STARLING, "x-hook-signature", lambda value: value.rstrip("=")), "without padding"),
    "quotes": (header(DIRECT, "webhook-signature", lambda value: f'"{value}"'), "blanks or quotes"),
    "the secret without whsec_": (replace(DIRECT, key=SECRET[6:]), "`whsec_` is missing before it"),
    "the secret in quotes": (replace(DIRECT, key=f"'{SECRET}'"), "blanks or quotes stand around it"),
    "the secret's text as key": (good("direct", key=text_as_key(SECRET[6:])), "its text was the key"),
    "the whole secret's text as key": (good("direct", key=text_as_key(SECRET)), "its text was the key"),
    "another secret": (good("direct", key=signing.new_secret()), "another's secret or key"),
    "a secret too short": (replace(DIRECT, key="whsec_c2hvcnQ="), "is 5 bytes long; 24 to 64 are wanted"),
    "a secret that is no base64": (replace(DIRECT, key="whsec_!!!!"), "is not base64"),
    "another body": (replace(DIRECT, body=b'{"type": "other"}'), "17 bytes, and its SHA-256 is"),
    "PEM for base64": (
        replace(STARLING, key=f"-----BEGIN PUBLIC KEY-----\n{SPKI}\n-----END PUBLIC KEY-----"),
        "base64 is wanted, without the lines of PEM"),
    "another key": (replace(STARLING, key=signing.SCHEMES["starling"].new_keys()[1][0]), "another's secret or key"),
    "another kid": (replace(JWS, key=json.dumps(JWK | {"kid": "other"})), "its `kid` is not the signature's"),
    "a set of keys": (replace(JWS, key=json.dumps({"keys": [JWK]})), "it is a set of keys"),
    "another path": (replace(good("jws", path=PATH + "/"), path=PATH), f"the path: it was signed as {PATH}/"),
    "a longer path": (replace(JWS, path=f"/stage{PATH}"), "signed without what stands before " + PATH),
    "no time": (without(JWS, "x-tl-webhook-timestamp"), "the header X-Tl-Webhook-Timestamp is missing"),
    "two things": (replace(DIRECT, body=BODY + b"\n", key=SECRET[6:]), "fits without the line's end after it"),
}  # fmt: skip


@pytest.mark.parametrize("wire", sorted(verify_signature.PROOFS))
def test_a_genuine_request(wire: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, printed = good(wire).examined(tmp_path, capsys)
    assert (code, printed.partition(":")[0]) == (0, "Genuine")


@pytest.mark.parametrize("case", CASES)
def test_what_differs_is_named(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept, words = CASES[case]
    code, printed = kept.examined(tmp_path, capsys)
    assert code == 1
    assert words in printed
    assert printed.count("✗") == {"two things": 2, "a secret too short": 2, "a secret that is no base64": 2}.get(
        case, 1
    )


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            {"tl_headers": "X-Tl-Webhook-Timestamp,X-Trace"},
            "covers the header X-Trace, which the request does not have",
        ),
        ({"tl_headers": "Host"}, "does not list X-Tl-Webhook-Timestamp"),
        ({"alg": "ES256"}, '"alg": "ES512"'),
        ({"kid": "other"}, "its `kid` is none of the keys given"),
    ],
)
def test_what_a_jws_says_of_itself(
    told: dict[str, str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = {"alg": "ES512", "kid": JWK["kid"], "tl_version": "2", "tl_headers": "X-Tl-Webhook-Timestamp"}
    head = base64.urlsafe_b64encode(json.dumps(usual | told).encode()).rstrip(b"=").decode()
    kept = header(JWS, "tl-signature", lambda value: f"{head}..{value.partition('..')[2]}")
    code, printed = kept.examined(tmp_path, capsys)
    assert code == 1
    assert words in printed


def test_the_parts_may_be_given_one_by_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in {"secrets": f"{signing.new_secret()}\n{SECRET}\n", "body": BODY.decode()}.items():
        (tmp_path / name).write_text(text)
    curl = "".join(f"> {name}: {value}\n" for name, value in DIRECT.headers.items())
    (tmp_path / "curl").write_text(f"* Connected\n> POST {PATH} HTTP/2\n{curl}>\n< HTTP/2 401\n< content-type: x\n")
    parts = [part for name, value in DIRECT.headers.items() for part in ("--header", f"{name}: {value}")]
    for order in (["--request", str(tmp_path / "curl")], ["--path", PATH, *parts]):
        more = [
            "--body-file",
            str(tmp_path / "body"),
            "--secret-file",
            str(tmp_path / "secrets"),
            "--at",
            NOW.isoformat(),
        ]
        assert verify_signature.main([*order, *more]) == 0, capsys.readouterr()


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (["--header", "webhook-id: x"], "give --secret-file"),
        (["--secret-file", "key"], "Say --wire"),
        (["--secret-file", "key", "--header", "webhook-id"], "no colon"),
        (["--secret-file", "nowhere"], "nowhere"),
        (["--secret-file", "key", "--request", "key"], "does not start with a line such as"),
    ],
)
def test_what_is_not_enough(
    order: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key").write_text(SECRET)
    assert verify_signature.main(order) == 2
    printed = capsys.readouterr()
    assert words in printed.err
    assert SECRET not in printed.err + printed.out


def test_the_command(tmp_path: Path) -> None:
    """As it is called, the secret in its environment."""
    lines = [f"POST {PATH}", *(f"{name}: {value}" for name, value in DIRECT.headers.items()), "", BODY.decode()]
    (tmp_path / "request").write_text("\n".join(lines))
    order = [sys.executable, "-m", "infra.verify_signature", "--request", str(tmp_path / "request")]
    environment = os.environ | {"WEBHOOK_SECRET": SECRET}
    done = subprocess.run([*order, "--at", NOW.isoformat()], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Genuine")
