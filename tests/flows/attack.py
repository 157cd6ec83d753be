"""Whoever gets hold of all that is stored, and of every key that is left, reads what they can."""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from itertools import chain, product
from typing import Any
from zipfile import ZipFile

from counterfoil.domain.packing import inflate
from counterfoil.domain.receipt_packing import VOCABULARY
from counterfoil.errors import Poison
from counterfoil.flows.intake import PERSONAL_WORDS, REVISION_BYTES
from counterfoil.runtime import secrets
from counterfoil.sealing import KEY_BYTES, CustomerKeys, unseal
from tests.account import moto_tables, stored
from tests.flows.erased import versions
from tests.flows.test_canary import bytes_of, readings
from tests.world import World

NAME = re.compile(rb"[A-Za-z0-9_-]{8,}")
PREFIXES = ("", "link/", "cards/", "request/")
SEALED_BYTES = 28
"""A nonce and a tag: what is shorter is not sealed."""

type Thing = list[bytes]
"""An item, a message or an object: all its byte strings. What is sealed in it is bound to a name that stands there."""


def everything(world: World, log: str) -> Iterator[Thing]:
    """Every item of every table and index, every message and dead letter, every version of an object, and the log."""
    for table in moto_tables().values():
        for item in table.all_items():
            yield list(bytes_of(item.attrs))
    for queues in (world.queues, world.dead):
        for queue in queues.values():
            for message in queue:
                yield [message.body.encode(), *_bytes_in(json.loads(message.body))]
    for bucket in ("payloads", "files", "checkpoints"):
        for (key, _), content in versions(world, bucket).items():
            yield [key.encode(), content, *_zipped(content)]
    yield [log.encode()]


def _bytes_in(value: Any) -> Iterator[bytes]:
    if isinstance(value, dict) and value.keys() == {"b64"}:
        yield b64decode(value["b64"])
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _bytes_in(part)


def _zipped(content: bytes) -> Iterator[bytes]:
    if content.startswith(b"PK"):
        with ZipFile(BytesIO(content)) as archive:
            yield from map(archive.read, archive.namelist())


def opened(found: list[Thing]) -> Iterator[bytes]:
    """What the managed secret, every salt that is left, and every key found on the way can open."""
    sealer = secrets.sealer()
    customers = [sealer.customer(item["salt"]) for item in stored("salts") if "salt" in item]
    keys = {sealer._waiting, *(customer.seal_key for customer in customers), *_letters(customers)}
    tried: set[bytes] = set()
    while new := keys - tried:
        tried |= new
        for thing in found:
            for plain in _plain(thing, new):
                keys |= {plain} if len(plain) == KEY_BYTES else set()
                yield from _unpacked(plain)


def _unpacked(plain: bytes) -> Iterator[bytes]:
    """As it is, and as what we pack: a payment's fields; a receipt, after its revision and the mark of its words."""
    yield plain
    for packed, vocabulary in ((plain, PERSONAL_WORDS), (plain[REVISION_BYTES + 1 :], VOCABULARY)):
        with suppress(ValueError):
            yield inflate(packed, vocabulary)


def _plain(thing: Thing, keys: set[bytes]) -> Iterator[bytes]:
    sealed = [raw for raw in thing if len(raw) > SEALED_BYTES and not raw.isascii()]
    names = {name.decode() for raw in thing if raw.isascii() for name in NAME.findall(raw)} if sealed else set()
    for raw, key, name, prefix in product(sealed, keys, names, PREFIXES):
        with suppress(Poison):
            yield unseal(key, raw, bound_to=f"{prefix}{name}")


def _letters(customers: list[CustomerKeys]) -> Iterator[bytes]:
    """The keys of receipts that lie in letterboxes."""
    for item, customer in product(stored("ledger"), customers):
        if item["pk"].startswith("T#") and "match" in item:
            receipt_key = item["match"]["tender"].rpartition(".")[0]
            with suppress(Poison):
                yield customer.open_letterbox(item["pk"][2:], item["match"]["letter"], bound_to=receipt_key)


def read(world: World, log: str, wanted: re.Pattern[bytes]) -> set[str]:
    """The tokens that can be read, in clear, encoded or with any key."""
    found = list(everything(world, log))
    return {
        match.decode().lower()
        for raw in chain(*found, opened(found))
        for reading in readings(raw)
        for match in wanted.findall(reading)
    }
