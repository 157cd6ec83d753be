"""Reading the files ops load, `merchants.json` and `banks.json`: each problem names its field and line."""

import ipaddress
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError

from counterfoil.domain import json_lines, strict_json
from counterfoil.domain.fields import Wire, field_path, message_of
from counterfoil.domain.json_lines import Location
from counterfoil.domain.merchants import CARD, Bank, Listed, Merchant, Store
from counterfoil.errors import BadRequest, Invalid, Problem

_URL = re.compile(r"https?://[!-~]{1,500}")


@dataclass(frozen=True, slots=True)
class RegistrationProblem(Problem):
    """A problem and the line of the file, counted from 1, where the value stands."""

    line: int


class RegistrationInvalid(Invalid):
    """A registration file that cannot be loaded; nothing of it is."""

    problems: tuple[RegistrationProblem, ...]


class _MerchantsFile(Wire):
    merchants: Annotated[tuple[Merchant, ...], Listed]


class _BanksFile(Wire):
    banks: Annotated[tuple[Bank, ...], Field(max_length=100, strict=False)]


def parse_merchants(text: str) -> list[Merchant]:
    """The retailers of a `merchants.json`. Raises RegistrationInvalid with every problem."""
    file = _read(text, _MerchantsFile)
    _refuse(text, _merchant_problems(file.merchants))
    return list(file.merchants)


def parse_banks(text: str, adapters: Mapping[str, Sequence[str]], *, allow_loopback: bool = False) -> list[Bank]:
    """The banks of a `banks.json`. Raises RegistrationInvalid with every problem.

    `adapters`: the fields that each known adapter requires. `allow_loopback` is for the sandbox, whose banks listen
    on this machine, without TLS.
    """
    file = _read(text, _BanksFile)
    _refuse(text, _bank_problems(file.banks, adapters, allow_loopback))
    return list(file.banks)


def _read[F: Wire](text: str, model: type[F]) -> F:
    try:
        value = strict_json.loads(text.encode("utf-8", "surrogatepass"))
    except BadRequest as error:
        raise RegistrationInvalid([RegistrationProblem("", error.detail, _broken_line(text))]) from None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise _invalid(text, [(detail["loc"], message_of(detail)) for detail in details]) from None


def _refuse(text: str, found: Iterable[tuple[Location, str]]) -> None:
    if problems := list(found):
        raise _invalid(text, problems)


def _invalid(text: str, found: Iterable[tuple[Location, str]]) -> RegistrationInvalid:
    lines = dict(json_lines.located(text))
    return RegistrationInvalid(
        [RegistrationProblem(field_path(place), message, _line(lines, place)) for place, message in found]
    )


def _line(lines: dict[Location, int], place: Location) -> int:
    # What is missing stands nowhere: its parent does.
    while place not in lines:
        place = place[:-1]
    return lines[place]


def _broken_line(text: str) -> int:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.lineno
    except RecursionError:
        return 1
    seen: set[Location] = set()
    for place, line in json_lines.located(text):
        if place in seen:
            return line
        seen.add(place)
    return 1


def _repeats(values: Iterable[object], what: str) -> Iterator[tuple[int, str]]:
    """The places where a value comes again."""
    seen = set()
    for index, value in enumerate(values):
        if value in seen:
            yield index, f"is a {what} given before"
        seen.add(value)


def _merchant_problems(merchants: tuple[Merchant, ...]) -> Iterator[tuple[Location, str]]:
    for index, message in _repeats((merchant.retailer for merchant in merchants), "retailer"):
        yield ("merchants", index, "retailer"), message
    for place, merchant in enumerate(merchants):
        here: Location = ("merchants", place, "stores")
        if merchant.status == "live" and not merchant.stores:
            yield here, "must hold a store before the retailer is live"
        for index, message in _repeats((store.store_id for store in merchant.stores), "store of this retailer"):
            yield (*here, index, "store_id"), message
        for index, store in enumerate(merchant.stores):
            yield from _store_problems((*here, index), store)


def _store_problems(here: Location, store: Store) -> Iterator[tuple[Location, str]]:
    if _no_zone(store.timezone):
        yield (*here, "timezone"), "must be an IANA time zone, such as Europe/London"
    for index, message in _repeats(store.merchant_ids, "merchant id of this store"):
        yield (*here, "merchant_ids", index), message
    for bank, merchant_ids in store.bank_merchant_ids.items():
        if bank == CARD:
            yield (*here, "bank_merchant_ids", bank), "is no bank's name"
        for index, message in _repeats(merchant_ids, "merchant id of this store"):
            yield (*here, "bank_merchant_ids", bank, index), message
    for index, message in _repeats((till.till_id for till in store.tills), "till of this store"):
        yield (*here, "tills", index, "till_id"), message
    seen: set[str] = set()
    for place, till in enumerate(store.tills):
        for index, terminal_id in enumerate(till.terminal_ids):
            if terminal_id in seen:
                yield (
                    (*here, "tills", place, "terminal_ids", index),
                    "is a terminal of this store given before",
                )
            seen.add(terminal_id)


def _no_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return True
    return False


def _bank_problems(
    banks: tuple[Bank, ...], adapters: Mapping[str, Sequence[str]], allow_loopback: bool
) -> Iterator[tuple[Location, str]]:
    for index, message in _repeats((bank.bank for bank in banks), "bank"):
        yield ("banks", index, "bank"), message
    for index, bank in enumerate(banks):
        if bank.bank == CARD:
            yield ("banks", index, "bank"), f"must not be {CARD}"
        if bank.adapter not in adapters:
            yield ("banks", index, "adapter"), f"must be one of {', '.join(sorted(adapters))}"
        for field in adapters.get(bank.adapter, ()):
            if not getattr(bank, field):
                yield ("banks", index, field), f"must be given for the adapter {bank.adapter}"
        if problem := _address_problem(bank.callback_url, allow_loopback):
            yield ("banks", index, "callback_url"), problem
        yield from _sign_in_problems(("banks", index), bank, allow_loopback)


def _sign_in_problems(here: Location, bank: Bank, allow_loopback: bool) -> Iterator[tuple[Location, str]]:
    if bank.oauth and bank.sign_in:
        yield (*here, "sign_in"), "must not be given beside oauth: who links an account has signed in"
    for name, client in (("oauth", bank.oauth), ("sign_in", bank.sign_in)):
        for field, value in client or ():
            problem = _address_problem(value, allow_loopback) if field.endswith("_url") else None
            if problem:
                yield (*here, name, field), problem


def _address_problem(url: str, allow_loopback: bool) -> str | None:
    """What is wrong with an address of a bank's or ours. The address behind its name is checked at each call."""
    if not _URL.fullmatch(url):
        return "must be an https address"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "must be an https address"
    if not host or parts.username is not None or parts.fragment:
        return "must name a host, and neither a user nor a fragment"
    if allow_loopback and parts.scheme in {"http", "https"} and _is_loopback(host):
        return None
    if parts.scheme != "https":
        return "must be an https address"
    if host == "localhost" or host.endswith(".localhost") or _is_inner(host):
        return "must not be a private address"
    return None


def _is_loopback(host: str) -> bool:
    return host in {"127.0.0.1", "::1", "localhost"}


def _is_inner(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
