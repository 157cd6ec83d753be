"""Strict JSON reads what `json.loads` reads, but for what a careful reader refuses."""

import json
from time import perf_counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from counterfoil.domain.strict_json import loads
from counterfoil.errors import BadRequest

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18) + 1, 10**18 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('ab[]{}"\\:,'), inner, max_size=4),
    max_leaves=12,
)


def same(one: object, other: object) -> bool:
    return one == other and repr(one) == repr(other)  # 1, 1.0 and True are equal, but not the same


@given(values, st.booleans(), st.sampled_from([None, 2]))
def test_reads_as_the_standard_parser_does(value: object, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert same(loads(text.encode(), max_depth=99), json.loads(text))


@given(
    st.binary()
    | st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.text('{}[]":,\\ \n0123456789.eE+-truefalsnNaIity\\uD8').map(str.encode)
)
@example(b"")
@example(b"\xef\xbb\xbf{}")
@example(b'"\\ud83d\\ude00"')
@example(b"[1,]")
@example(b"01")
@example(b'"\x00"')
def test_reads_or_refuses_and_nothing_else(raw: bytes) -> None:
    try:
        value = loads(raw)
    except BadRequest:
        return
    assert same(value, json.loads(raw.decode()))


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b'{"a": 1, "a": 1}', "duplicate key"),
        (b'{"b": [{"a": 1, "\\u0061": 2}]}', "duplicate key"),
        (b"[NaN]", "NaN"),
        (b"[Infinity]", "NaN"),
        (b"[-Infinity]", "NaN"),
        (b"1e999", "range"),
        (b"1234567890123456789", "18 digits"),
        (b"-1234567890123456789", "18 digits"),
        (b"[0, 1234567890123456789]", "18 digits"),
        (b'{"a":-1234567890123456789}', "18 digits"),
        (b'{"a" :\n\t1234567890123456789}', "18 digits"),
        (b"[1.5,-1E+999]", "range"),
        (b"[1e0999]", "range"),
        (b'"\\ud83d"', "surrogate"),
        (b'{"\\udc00": 1}', "surrogate"),
        (b'"\xed\xa0\x80"', "UTF-8"),
        (b'"\xff"', "UTF-8"),
        (b"{", "line 1, column 2"),
        (b"", "not JSON"),
        (b"[1] 2", "not JSON"),
        (b"[" * 17 + b"]" * 17, "deeper than 16"),
        (b'{"a":' * 17 + b"1" + b"}" * 17, "deeper than 16"),
        (b"[" * 100_000, "deeper than 16"),
        (b'{"a":' * 50_000, "deeper than 16"),
    ],
)
def test_says_what_it_refuses(raw: bytes, told: str) -> None:
    with pytest.raises(BadRequest) as refused:
        loads(raw)
    assert told in refused.value.detail


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"[" * 16 + b"]" * 16, None),
        (b"123456789012345678", 123456789012345678),
        (b"-123456789012345678", -123456789012345678),
        (b"5.0", 5.0),
        (b"[1E+100, 1e-999, 1e0000, 0.1234567890123456789]", [1e100, 0.0, 1.0, 0.12345678901234568]),
        (b'{"id": "1234567890123456789", "0e000": 1}', {"id": "1234567890123456789", "0e000": 1}),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"[[[[[[[[[[[[[[[[[[[[\\"[[[[[["', "[" * 20 + '"' + "[" * 6),
        (b'["[[[[[[[[[[[[[[[[[[[[\\\\", [1]]', ["[" * 20 + "\\", [1]]),
        (b"[" + b"[{}]," * 40 + b"1]", None),
    ],
)
def test_takes_what_is_within_bounds(raw: bytes, value: object) -> None:
    assert loads(raw) == (json.loads(raw) if value is None else value)


@pytest.mark.parametrize(
    "raw",
    [
        b'"' + b'\\"' * 130_000,
        b"[]," * 20 + b'"' + b'\\"' * 120_000,
        b"[" + b'"a",' * 60_000,
        b'{"' * 130_000,
        b"\\" * 260_000,
    ],
)
def test_takes_time_in_proportion_to_the_body(raw: bytes) -> None:
    started = perf_counter()
    with pytest.raises(BadRequest):
        loads(raw)
    assert perf_counter() - started < 1
