"""Every input of the machine API with a token in it, made from the models that its operations take.

A new operation, a new model, a new field is in it by itself. For each body: a good one (of `events/`, completed from
the model's schema), the same with a token in one field after the other, and the same with each part wrong, and with a
field nobody knows, once.
"""

import copy
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from counterfoil.banks import BANKS
from counterfoil.openapi.operation import Operation
from counterfoil.openapi.operations import OPERATIONS
from infra.sandbox import event_files, signing
from tests.world import World

Schema = Mapping[str, Any]
Place = tuple[str | int, ...]
_NUMBERS = itertools.count()


def token() -> str:
    return f"canary{next(_NUMBERS):05d}"


@dataclass(frozen=True)
class Input:
    """One call. `about` says where its token is, `tokens` what must be found nowhere."""

    operation: Operation
    about: str
    path: Mapping[str, str]
    body: Any = None
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def every_input(operation: Operation, world: World) -> Iterator[Input]:
    """With its body, if it takes one; and with a token in each part of the path, the query, headers and cookies."""
    names = re.findall(r"{(\w+)}", operation.path)
    for model in operation.takes or (None,):
        path = {name: _usual(name, model, world) for name in names}
        whole = _filled(model.model_json_schema(), {}) if model else None
        good = _good_body(operation, model, whole, world.now) if model else None
        for about, body in _bodies(good, whole) if model else [("nothing", None)]:
            yield Input(operation, about, path, body)
        for name in names:
            yield Input(operation, f"path {name}", {**path, name: token()}, good)
        for name in (*(operation.asks.model_fields if operation.asks else ()), f"{token()} of nobody"):
            yield Input(operation, f"query {name}", path, good, query=f"{quote(name)}={token()}")
        yield Input(operation, "headers and cookies", path, good, headers=_headers())


def send(world: World, one: Input) -> dict[str, Any]:
    """The answer to it, with whatever proof its operation asks for, unless its headers hold another."""
    path = one.operation.path.format(**one.path)
    raw = json.dumps(one.body).encode() if one.body is not None else b""
    partner = one.path.get("retailer") or one.path.get("bank", "")
    proof: dict[str, str] = {}
    if one.operation.proof in ("bank_signed", "signed") and partner in world.secrets:
        request = signing.Request(one.operation.method, path, raw, f"msg_{next(_NUMBERS)}")
        proof = signing.scheme_of(partner).sign(world.secrets[partner], request, world.now)
    scope = " ".join(f"counterfoil/{partner}.{name}" for name in ("consents", "customers", "deliveries", "rights"))
    where = f"{path}?{one.query}" if one.query else path
    return world.request(one.operation.method, where, raw, proof | one.headers, scope)


def _headers() -> dict[str, str]:
    names = ("user-agent", "x-forwarded-for", "authorization", "webhook-id", "webhook-signature", "x-hook-signature",
             "privacy-request-token", "accept", "accept-language", "referer", token())  # fmt: skip
    return {name: token() for name in names} | {"cookie": f"{token()}={token()}; __Host-session={token()}"}


def _usual(name: str, model: type[BaseModel] | None, world: World) -> str:
    """A part of the path: what is known by that name, such as a customer whose id is a token; else nobody's id."""
    bank = _bank_of(model)
    known = KNOWN | {"bank": bank}
    return known.get(name) or (world.secrets[bank] if name == "secret" else token())


CUSTOMER = token()
KNOWN = {"retailer": "kite", "purpose": "receipts", "customer_id": CUSTOMER, "version": "2026-11"}


def _bank_of(model: type[BaseModel] | None) -> str:
    """A bank of the sandbox whose wire this is."""
    takers = {adapter.name for adapter in BANKS if model in adapter.takes}
    return next((bank for bank, adapter in signing.adapters().items() if adapter in takers), "openbank")


def _bodies(good: Any, whole: Any) -> Iterator[tuple[str, Any]]:
    """`whole`: the same with every field that the model has."""
    yield "the good one", good
    for place, value in _parts(good):
        told = ".".join(map(str, place)) or "all of it"
        if isinstance(value, str):
            yield f"in {told}", _with(good, place, _as_it_looks(value))
        if isinstance(value, dict):
            yield f"unknown in {told}", _with(good, (*place, f"{token()} of nobody"), token())
        yield f"wrong {told}", _with(good, place, _wrong())
    there = {place for place, _ in _parts(good)}
    for place, value in _parts(whole):
        if place not in there and place[:-1] in there:
            yield f"also {place[-1]}", _with(good, place, value)
            for inner, _ in _parts(value):
                yield f"wrong {place[-1]}", _with(good, place, _with(value, inner, _wrong()))


def _parts(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """All parts of a body, of each list the first."""
    yield place, value
    steps = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for step, part in steps:
        yield from _parts(part, (*place, step))


def _wrong() -> str:
    """Nothing has this shape."""
    return f"{token()}\u0007" + "x" * 3000


def _with(body: Any, place: Place, value: Any) -> Any:
    if not place:
        return value
    changed = copy.deepcopy(body)
    inner = changed
    for step in place[:-1]:
        inner = inner[step]
    if isinstance(inner, list) and not inner:
        inner.append(value)
    else:
        inner[place[-1]] = value
    return changed


def _as_it_looks(value: str) -> str:
    """A token in the manner of what stands there."""
    if "@" in value:
        return f"{token()}@example.com"
    return token().upper() if value.isupper() else token()


def _good_body(operation: Operation, model: type[BaseModel], whole: Any, now: datetime) -> Any:
    """The body of `events/` that has most fields of those that this model takes and the operation accepts."""
    events = [event_files.load(name, now) for name in event_files.names(operation.function)]
    fitting = [
        json.loads(event.body)
        for event in events
        if event.expect.get("status", 200) < 300 and event.body and _takes(model, event.body)
    ]
    return max(fitting, key=lambda body: len(list(_parts(body))), default=whole)


def _takes(model: type[BaseModel], body: bytes) -> bool:
    try:
        model.model_validate_json(body)
    except ValidationError:
        return False
    return True


def _filled(schema: Schema, defined: Mapping[str, Schema]) -> Any:
    """A value with every field there is."""
    defined = defined or schema.get("$defs", {})
    if "$ref" in schema:
        return _filled(defined[schema["$ref"].rpartition("/")[2]], defined)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return _filled(next(one for one in schema[choice] if one.get("type") != "null"), defined)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    match schema.get("type"):
        case "object":
            return {name: _filled(part, defined) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [_filled(schema["items"], defined)] if "items" in schema else []
        case "integer" | "number":
            return max(0, schema.get("minimum", 0))
        case "boolean":
            return True
        case "string":
            return _text(schema)
    return token()


def _text(schema: Schema) -> str:
    """A token if one has this shape, or else whatever has."""
    if schema.get("format") == "date-time":
        return "2026-11-21T09:15:00Z"
    one = token()
    shapes = (one, one.upper(), f"{one}@example.com", "7391", "20", "en-GB", "2026-11", "12345670", "GBP", "a" * 64)
    pattern, longest = schema.get("pattern", ""), schema.get("maxLength", 10_000)
    return next(shape for shape in shapes if len(shape) <= longest and re.search(pattern, shape))


__all__ = ["CUSTOMER", "KNOWN", "OPERATIONS", "Input", "every_input", "send", "token"]
