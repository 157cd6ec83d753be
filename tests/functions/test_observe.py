"""What a log can hold: names of things that happened, and no words of anybody's."""

import json
import logging
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from counterfoil.runtime import observe
from functions import bank_webhook, inspect_matching, match_receipts, register_partners, revisit_undecided
from tests.logs import lambda_tells, log

__all__ = ["log"]
SECRET = "Jane of 12 High Street"


def broken(text: str = SECRET) -> BaseException:
    try:
        raise KeyError(text)
    except KeyError as error:
        return error


def test_an_error_is_told_by_type_and_place(log: Callable[[], str]) -> None:
    observe.tell("failed", broken())
    told = json.loads(log().splitlines()[0])
    assert (told["message"], told["error"], told["level"]) == ("failed", "KeyError", "ERROR")
    assert told["places"][0].startswith("test_observe.py:")
    assert SECRET not in log()


def test_what_comes_back_later_is_no_error(log: Callable[[], str]) -> None:
    observe.tell("comes back later", broken())
    assert json.loads(log().splitlines()[0])["level"] == "INFO"


def test_other_words_have_no_way_in(log: Callable[[], str]) -> None:
    told: Any = SECRET
    with pytest.raises(ValueError, match="vocabulary"):
        observe.tell(told, broken())
    assert SECRET not in log()


@pytest.mark.parametrize("name", [SECRET, "cust_42", "QZ7391", "739173917391", "a@b.example", "J" * 60, ""])
def test_no_metric_is_named_after_anybody(name: str, log: Callable[[], str]) -> None:
    observe.count([name, "ReceiptTaken", "Refused422"])
    observe.flush()
    assert '"Unnamed"' in log()
    assert '"ReceiptTaken"' in log()
    assert '"Refused422"' in log()
    assert not name or f'"{name}"' not in log()


def test_libraries_are_heard_without_their_words(log: Callable[[], str]) -> None:
    library = logging.getLogger("urllib3.connectionpool")
    library.warning("Retrying %s", SECRET)
    library.error(SECRET, exc_info=broken(), stack_info=True)
    logging.getLogger().critical(SECRET)
    assert log().count("a library's words, left out") == 3
    assert SECRET not in log()


def test_warnings_that_quote_values_are_heard_without_them(log: Callable[[], str]) -> None:
    class Model(BaseModel):
        amount: int

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        Model.model_construct(amount=SECRET).model_dump_json()
    assert "left out" in log()
    assert SECRET not in log()


@pytest.mark.parametrize(
    "handler",
    [
        bank_webhook.handler,
        match_receipts.handler,
        inspect_matching.handler,
        register_partners.handler,
        revisit_undecided.handler,
    ],
)
def test_no_error_reaches_the_runtime_with_its_words(handler: Any, log: Callable[[], str]) -> None:
    class Breaks(dict[str, Any]):
        def __getitem__(self, *_: object) -> Any:
            raise KeyError(SECRET)

        get = __contains__ = __getitem__

    lambda_tells(handler, Breaks())
    assert "KeyError" in log()
    assert SECRET not in log()


def test_an_error_that_left_without_words_has_no_cause() -> None:
    @observe.nameless
    def handler(event: object, context: object) -> None:
        raise KeyError(SECRET)

    with pytest.raises(observe.Failed) as caught:
        handler({}, None)
    assert (str(caught.value), caught.value.__cause__, caught.value.__context__) == ("", None, None)
