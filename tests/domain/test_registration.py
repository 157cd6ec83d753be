"""Registration files: what is taken, and that each problem names its field and its line."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil import banks as adapters
from counterfoil.domain.json_lines import located
from counterfoil.domain.registration import RegistrationInvalid, parse_banks, parse_merchants

SANDBOX = Path(__file__).parents[2] / "infra" / "sandbox"
MERCHANTS = (SANDBOX / "merchants.json").read_text()
BANKS = (SANDBOX / "banks.json").read_text()
# Public keys are made when the sandbox starts, and added to its file then.
ADAPTERS = {adapter.name: [name for name in adapter.requires if name != "public_keys"] for adapter in adapters.BANKS}


def merchants() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(MERCHANTS)
    return told


def problems(text: str) -> list[tuple[str, str, int]]:
    with pytest.raises(RegistrationInvalid) as refused:
        parse_merchants(text)
    return [(problem.field, problem.message, problem.line) for problem in refused.value.problems]


def strings_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, str):
        return [path]
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    return [place for key, entry in entries for place in strings_in(entry, (*path, key))]


def holder_of(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path[:-1]:
        value = value[step]
    return value


def test_the_sandboxes_files_are_taken() -> None:
    taken = parse_merchants(MERCHANTS)
    assert [merchant.retailer for merchant in taken] == ["kite", "fern", "tern", "moss"]
    assert taken[0].stores[0].tills[0].terminal_ids == ("T0000042",)
    names = [bank["bank"] for bank in json.loads(BANKS)["banks"]]
    assert [bank.bank for bank in parse_banks(BANKS, ADAPTERS, allow_loopback=True)] == names


@given(st.sampled_from(strings_in(merchants())), st.sampled_from([None, 1, 4]))
def test_a_problem_names_the_line_of_its_value(path: tuple[Any, ...], indent: int | None) -> None:
    told = merchants()
    holder_of(told, path)[path[-1]] = 987654321
    text = json.dumps(told, indent=indent)
    line = next(number for number, words in enumerate(text.split("\n"), start=1) if "987654321" in words)
    field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]
    assert [(found, at) for found, _, at in problems(text)] == [(field, line)]


def test_what_is_missing_is_told_at_its_parent() -> None:
    text = '{"merchants": [\n {"retailer": "kite",\n  "name": "Kite", "status": "live", "stores": []}\n]}'
    assert problems(text) == [("merchants[0].vat_number", "is required", 2)]


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("vat_number",), "GB123456783", "merchants[0].vat_number"),
        (("vat_number",), "GB12345678", "merchants[0].vat_number"),
        (("retailer",), "kite/coffee", "merchants[0].retailer"),
        (("retailer",), "fern", "merchants[1].retailer"),
        (("status",), "dead", "merchants[0].status"),
        (("secrets",), ["whsec with spaces"], "merchants[0].secrets[0]"),
        (("stores",), [], "merchants[0].stores"),
        (("owner",), "A. Person", "merchants[0].owner"),
        (("stores", 0, "postcode"), "W1D4AA1", "merchants[0].stores[0].postcode"),
        (("stores", 0, "postcode"), "12345", "merchants[0].stores[0].postcode"),
        (("stores", 0, "timezone"), "Europe/Londinium", "merchants[0].stores[0].timezone"),
        (("stores", 0, "timezone"), "../etc/passwd", "merchants[0].stores[0].timezone"),
        (("stores", 0, "timezone"), "Europe", "merchants[0].stores[0].timezone"),
        (("stores", 0, "email"), "soho", "merchants[0].stores[0].email"),
        (("stores", 0, "website"), "javascript:alert(1)", "merchants[0].stores[0].website"),
        (("stores", 0, "phone"), "call us", "merchants[0].stores[0].phone"),
        (("stores", 0, "store_id"), "camden", "merchants[0].stores[1].store_id"),
        (("stores", 0, "merchant_ids"), ["M1", "M2", "M1"], "merchants[0].stores[0].merchant_ids[2]"),
        (("stores", 0, "merchant_ids"), "M1", "merchants[0].stores[0].merchant_ids"),
        (
            ("stores", 0, "bank_merchant_ids"),
            {"monzo": ["x", "x"]},
            "merchants[0].stores[0].bank_merchant_ids.monzo[1]",
        ),
        (
            ("stores", 0, "bank_merchant_ids"),
            {"card": ["x"]},
            "merchants[0].stores[0].bank_merchant_ids.card",
        ),
        (("stores", 0, "tills", 1, "till_id"), "03", "merchants[0].stores[0].tills[1].till_id"),
        (
            ("stores", 0, "tills", 1, "terminal_ids"),
            ["T0000042"],
            "merchants[0].stores[0].tills[1].terminal_ids[0]",
        ),
        (("stores", 0, "by_code"), "yes", "merchants[0].stores[0].by_code"),
    ],
)
def test_a_wrong_value_is_named(path: tuple[Any, ...], value: object, field: str) -> None:
    told = merchants()
    holder_of(told["merchants"][0], path)[path[-1]] = value
    assert [found for found, _, _ in problems(json.dumps(told))] == [field]


@pytest.mark.parametrize("number", ["GB123456782", "GB480917666", "XI123456782", "GB123456782001"])
def test_vat_numbers_of_both_series_are_taken(number: str) -> None:
    told = merchants()
    told["merchants"][0]["vat_number"] = number
    assert parse_merchants(json.dumps(told))[0].vat_number == number


@pytest.mark.parametrize(
    ("text", "told", "line"),
    [
        ("", "not JSON", 1),
        ('{"merchants": [\n\n}', "not JSON", 3),
        ('{"merchants": [],\n "merchants": []}', "duplicate key", 2),
        ('{"merchants":\n [NaN]}', "NaN", 1),
        ("[" * 100_000, "deeper", 1),
        ("[]", "must be an object", 1),
        ('{"merchants": "\ud800"}', "UTF-8", 1),
    ],
)
def test_a_file_that_cannot_be_read_says_where(text: str, told: str, line: int) -> None:
    (problem,) = problems(text)
    assert problem[0] == ""
    assert told in problem[1]
    assert problem[2] == line


@pytest.mark.parametrize(
    ("url", "in_sandbox_only"),
    [
        ("https://receipts.openbank.example/counterfoil?v=1", False),
        ("https://openbank.example:8443/", False),
        ("https://[2606:4700::6810:84e5]/hook", False),
        ("http://127.0.0.1:8471/callbacks/openbank", True),
        ("http://localhost/", True),
        ("https://[::1]:9000/", True),
    ],
)
def test_callbacks_that_are_taken(url: str, in_sandbox_only: bool) -> None:
    text = BANKS.replace("http://127.0.0.1:8471/callbacks/openbank", url)
    assert parse_banks(text, ADAPTERS, allow_loopback=True)[0].callback_url == url
    first = json.loads(text)["banks"][0]
    only_first = json.dumps({"banks": [{name: value for name, value in first.items() if name != "sign_in"}]})
    if in_sandbox_only:
        assert_callback_refused(only_first, allow_loopback=False)
    else:
        assert parse_banks(only_first, ADAPTERS)[0].callback_url == url


def assert_callback_refused(text: str, allow_loopback: bool) -> None:
    with pytest.raises(RegistrationInvalid) as refused:
        parse_banks(text, ADAPTERS, allow_loopback=allow_loopback)
    assert [problem.field for problem in refused.value.problems] == ["banks[0].callback_url"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "openbank.example",
        "http://openbank.example/",
        "ftp://openbank.example/",
        "https://",
        "https:///path",
        "https://user:word@openbank.example/",
        "https://openbank.example/#part",
        "https://open bank.example/",
        "https://openbank.example:99999/",
        "https://[::1/",
        "https://10.0.0.8/",
        "https://169.254.169.254/latest/meta-data",
        "http://169.254.169.254/",
        "https://192.168.1.1/",
        "https://[fd00::1]/",
        "https://openbank.example/\nx",
    ],
)
def test_callbacks_that_are_refused(url: str) -> None:
    told = json.loads(BANKS)
    told["banks"][0]["callback_url"] = url
    assert_callback_refused(json.dumps(told), allow_loopback=True)


def test_a_bank_is_given_once_and_needs_a_secret() -> None:
    told = json.loads(BANKS)
    told["banks"][1]["bank"] = "openbank"
    with pytest.raises(RegistrationInvalid) as refused:
        parse_banks(json.dumps(told), ADAPTERS, allow_loopback=True)
    assert [problem.field for problem in refused.value.problems] == ["banks[1].bank"]
    told["banks"][0] |= {"adapter": "carrier-pigeon"}
    told["banks"][1] |= {"bank": "harbourbank", "secrets": []}
    with pytest.raises(RegistrationInvalid) as refused:
        parse_banks(json.dumps(told), ADAPTERS, allow_loopback=True)
    assert {problem.field for problem in refused.value.problems} == {"banks[0].adapter", "banks[1].secrets"}


@pytest.mark.parametrize("field", ["authorise_url", "token_url", "userinfo_url", "our_url"])
def test_where_customers_sign_in_is_checked_as_a_callback_is(field: str) -> None:
    told = json.loads(BANKS)
    told["banks"][0]["sign_in"][field] = "http://openbank.example/"
    assert _refused_fields(told) == [f"banks[0].sign_in.{field}"]


def test_who_links_an_account_signs_in_by_that() -> None:
    told = json.loads(BANKS)
    monzo = next(place for place, bank in enumerate(told["banks"]) if "oauth" in bank)
    told["banks"][monzo]["sign_in"] = told["banks"][0]["sign_in"]
    assert _refused_fields(told) == [f"banks[{monzo}].sign_in"]


def _refused_fields(told: dict[str, Any]) -> list[str]:
    with pytest.raises(RegistrationInvalid) as refused:
        parse_banks(json.dumps(told), ADAPTERS, allow_loopback=True)
    return [problem.field for problem in refused.value.problems]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=15,
)


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    return [path, *(place for key, entry in entries for place in paths_of(entry, (*path, key)))]


@given(json_values, st.sampled_from([None, 2]))
def test_every_value_of_a_text_is_located(value: object, indent: int | None) -> None:
    found = list(located(json.dumps(value, indent=indent)))
    assert [place for place, _ in found] == paths_of(value)
    assert [line for _, line in found] == sorted(line for _, line in found)
