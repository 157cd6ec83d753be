"""Reading JSON that a stranger wrote.

`json.loads` alone takes duplicate keys, NaN and lone surrogates, and recurses as deep as its input asks. So what is
plain is read by jiter, which refuses these, in half the time; what it refuses, or may hold a number that is too long,
is judged by `json` with checks of ours, for clear errors.
"""

import json
import math
import re
from itertools import accumulate
from typing import NoReturn

from jiter import from_json

from counterfoil.errors import BadRequest

MAX_DEPTH = 16
_MAX_DIGITS = 18

# The closing quote is optional and the repeats are possessive: an unterminated string is then read once, not once again
# from each of its quotes.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_ESCAPED_QUOTE = re.compile(rb'\\["\\]')
_LEVELS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_NO_BRACKETS_NOR_QUOTES = bytes(set(_NO_BRACKETS) - set(b'"'))
# With every digit a zero, and a colon for whatever may stand before a number: one of more digits than it may have, and
# exponents that may be beyond a float.
_MANY_DIGITS = b":" + b"0" * (_MAX_DIGITS + 1)
_HIGH_EXPONENT = b"0e000"
_SKELETON = bytes.maketrans(b"123456789E[,- \t\r\n", b"000000000e:::::::")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


def loads(raw: bytes, max_depth: int = MAX_DEPTH) -> object:
    """The value that `raw` spells, as `json.loads` builds it (integers stay `int`, fractions are `float`).

    Raises BadRequest for anything that is not UTF-8 or not JSON, and for duplicate keys, NaN and the
    infinities, numbers beyond 18 digits or a float's range, lone surrogates and more than `max_depth`
    levels.
    """
    _check_depth(raw, max_depth)
    if not _may_hold_long_number(raw):
        try:
            value: object = from_json(raw, allow_inf_nan=False, catch_duplicate_keys=True)
        except ValueError:
            pass  # The slower reader finds the words for what is wrong.
        else:
            return value
    return _judged(raw)


def _may_hold_long_number(raw: bytes) -> bool:
    skeleton = b":" + raw.translate(_SKELETON, b"+")
    return _MANY_DIGITS in skeleton or _HIGH_EXPONENT in skeleton


def _judged(raw: bytes) -> object:
    """What `loads` returns or raises, but for the depth."""
    text = _decoded(raw)
    try:
        value: object = _DECODER.decode(text)
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


def _check_depth(raw: bytes, max_depth: int) -> None:
    if raw.count(b"[") + raw.count(b"{") <= max_depth:
        return
    if max(accumulate(map(_LEVELS.__getitem__, _brackets(raw))), default=0) > max_depth:
        raise BadRequest(f"nested deeper than {max_depth} levels")


def _brackets(raw: bytes) -> bytes:
    """The brackets that are not in a string."""
    if not _ESCAPED_QUOTE.search(raw):
        # Where every bracket has an even number of quotes before it, none is in a string.
        brackets = raw.translate(None, _NO_BRACKETS_NOR_QUOTES).replace(b'""', b"")
        if b'"' not in brackets:
            return brackets
    return _STRING.sub(b"", raw).translate(None, _NO_BRACKETS)


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


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_fraction
)
