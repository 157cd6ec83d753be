"""Reading JSON that a stranger wrote.

`json.loads` alone takes duplicate keys, NaN and lone surrogates, and recurses as deep as its input asks.
"""

import json
import math
import re
from typing import NoReturn

from counterfoil.errors import BadRequest

MAX_DEPTH = 16
_MAX_DIGITS = 18

# A string counts as one token, so that brackets inside it do not. The closing quote is optional and the
# repeats are possessive: an unterminated string is then read once, not once again from each of its quotes.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]|[\]}]', re.DOTALL)
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


def loads(raw: bytes, max_depth: int = MAX_DEPTH) -> object:
    """The value that `raw` spells, as `json.loads` builds it (integers stay `int`, fractions are `float`).

    Raises BadRequest for anything that is not UTF-8 or not JSON, and for duplicate keys, NaN and the
    infinities, numbers beyond 18 digits or a float's range, lone surrogates and more than `max_depth`
    levels.
    """
    text = _decoded(raw)
    _check_depth(text, max_depth)
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_fraction,
        )
    except json.JSONDecodeError as error:
        raise BadRequest(f"not JSON: line {error.lineno}, column {error.colno}") from None
    if _SURROGATE_ESCAPE.search(text):
        _check_surrogates(value)
    return value


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("not UTF-8") from None


def _check_depth(text: str, max_depth: int) -> None:
    if text.count("[") + text.count("{") <= max_depth:
        return
    depth = 0
    for token in _TOKEN.finditer(text):
        first = text[token.start()]
        if first in "[{":
            depth += 1
            if depth > max_depth:
                raise BadRequest(f"nested deeper than {max_depth} levels")
        elif first in "]}":
            depth -= 1


def _check_surrogates(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise BadRequest("a lone surrogate") from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadRequest("duplicate key")
    return members


def _constant(_: str) -> NoReturn:
    raise BadRequest("NaN and infinities are not JSON")


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > _MAX_DIGITS:
        raise BadRequest(f"a number of more than {_MAX_DIGITS} digits")
    return int(digits)


def _fraction(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise BadRequest("a number beyond the range of a float")
    return value
