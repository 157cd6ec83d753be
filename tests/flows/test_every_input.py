"""A token in every field of every input, right and wrong: it is in no log, metric, address, error, queue or record."""

import importlib
import json
import logging
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import functions
from counterfoil.domain import strict_json
from counterfoil.openapi.operation import Operation
from counterfoil.runtime import observe
from counterfoil.store import keys
from functions import deliver_receipt
from tests import edge
from tests.account import BANKS
from tests.flows.inputs import CUSTOMER, KNOWN, OPERATIONS, every_input, send, token
from tests.flows.test_canary import SECRET, leaks
from tests.logs import lambda_tells, log
from tests.world import HANDLERS, RECEIVES, World

__all__ = ["log"]
NAMES = [f"{one.method} {one.path}" for one in OPERATIONS]


def told_in(answer: dict[str, Any]) -> list[str]:
    """The tokens that a refusal repeats, in its body or its headers."""
    whole = json.dumps([answer["headers"], answer.get("cookies"), answer["body"]]).encode()
    return [found.decode() for found in SECRET.findall(whole)] if answer["statusCode"] >= 400 else []


@pytest.fixture
def shop(counterfoil: World) -> World:
    for bank in BANKS:
        assert counterfoil.consent(CUSTOMER, bank=bank)["statusCode"] == 200
    return counterfoil


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
def test_no_token_is_anywhere(operation: Operation, shop: World, log: Callable[[], str]) -> None:
    statuses: Counter[int] = Counter()
    for number, one in enumerate(every_input(operation, shop)):
        shop.pass_time(1)
        answer = send(shop, one)
        statuses[answer["statusCode"]] += 1
        assert answer["statusCode"] != 500, one.about
        assert told_in(answer) == [], one.about
        if number % 10 == 0:
            shop.run(0)
    shop.run(60)
    assert leaks(shop, log()) == []
    assert [wire.url for wire in shop.wires if SECRET.search(wire.url.encode())] == []
    has_good = set(re.findall(r"{(\w+)}", operation.path)) <= {*KNOWN, "bank", "secret"}
    assert min(statuses) < 300 or not has_good, statuses
    assert set(statuses) != {429}


@pytest.mark.parametrize("route", edge.PAGES)
def test_no_token_in_a_page_or_its_log(route: str, shop: World, log: Callable[[], str]) -> None:
    method, _, path = route.partition(" ")
    for bank in (token(), "monzo", "openbank"):
        where = path.format(bank=bank, match_id=token()) + f"?code={token()}&state={token()}&{token()}={token()}"
        cookie = "; ".join(f"{name}={token()}" for name in ("__Host-session", "__Host-visit", token()))
        answer = shop.request(method, where, token().encode(), {"cookie": cookie, "referer": token()})
        whole = json.dumps([answer["headers"], answer.get("cookies"), answer["body"]]).encode()
        assert SECRET.findall(whole) == []
    assert leaks(shop, log()) == []


@pytest.mark.parametrize("queue", RECEIVES)
def test_no_token_of_a_message_that_cannot_be_worked_on_is_logged(
    queue: str, shop: World, log: Callable[[], str]
) -> None:
    """Nor of one that came from elsewhere. The message itself lies in the dead letters as it came."""
    names = ("task", "id", "subject", "transaction", "receipt", "key", "file", "link", "delivery_id", token())
    for body in (token(), json.dumps([token()]), json.dumps({name: token() for name in names})):
        shop.put(queue, body)
        for name in names:
            shop.put(queue, json.dumps({name: {"task": token(), token(): token()}}))
    shop.run(3 * 86_400)
    assert shop.dead[queue]
    assert "places" in log()
    assert SECRET.findall(log().encode()) == []
    assert [wire.url for wire in shop.wires if SECRET.search(wire.url.encode())] == []


def by_themselves() -> list[Any]:
    """The handlers of the functions that are started neither over HTTP nor by a queue."""
    files = sorted(Path(functions.__path__[0]).glob("[a-z]*.py"))
    handlers = [importlib.import_module(f"functions.{file.stem}").handler for file in files]
    routed = {importlib.import_module(f"functions.{name}").handler for name in edge.ROUTES.values()}
    queued = {*HANDLERS.values(), deliver_receipt.handler}
    return [handler for handler in handlers if handler not in routed | queued]


def test_no_token_of_what_ops_ask_is_logged(
    shop: World, log: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "SHARDS", 1)
    asked = {"bank": token(), "customer": token(), "transaction": token(), "retailer": token()}
    assert len(by_themselves()) >= 5
    for handler in by_themselves():
        for event in (
            {"explain": asked},
            {"clocks": {**asked, "store": None, "till": None}},
            {"verify": asked},
            {"pause": token()},
            {"merchants": json.dumps({"merchants": [asked]}), "banks": token()},
            {token(): token(), "Records": [{"body": token()}]},
            token(),
        ):
            lambda_tells(handler, event)
    assert SECRET.findall(log().encode()) == []


@pytest.mark.parametrize("way", ["print", "our logger", "an error in the log", "an error that left"])
def test_a_line_that_tells_a_body_is_found(
    way: str, shop: World, log: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were any of these written, the tests above would fail."""
    loads = strict_json.loads

    def telling(raw: bytes) -> Any:
        if way == "print":
            sys.stdout.write(raw.decode())
        if way == "our logger":
            observe._logger.info(raw.decode())
        if way == "an error in the log":
            monkeypatch.setattr(logging, "_logRecordFactory", logging.LogRecord)
            logging.getLogger("library").error("could not read %s", raw)
        if way == "an error that left":
            monkeypatch.setattr(observe, "tell", lambda happening, error: sys.stderr.write(str(error)))
            raise ValueError(raw.decode())
        return loads(raw)

    monkeypatch.setattr(strict_json, "loads", telling)
    operation = next(one for one in OPERATIONS if one.function == "retailer_receipt")
    for one in list(every_input(operation, shop))[:3]:
        send(shop, one)
    assert [leak for leak in leaks(shop, log()) if leak.startswith("log: b'canary")] != []
