"""Calls over HTTP whose first write lost to another writer's: they try again, and nobody is told that we failed."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from counterfoil.errors import ConditionFailed, TryAgain
from counterfoil.store import table
from tests.account import stored
from tests.flows.linked import customer_in
from tests.flows.scenarios import payment, tell
from tests.functions.test_rights_api import ASKED
from tests.world import World

OF_CUSTOMER = "/v1/banks/openbank/customers/cust_42"
CALLS = {
    "a card": ("PUT", f"{OF_CUSTOMER}/cards/card_9", {"last4": "4242", "scheme": "visa"}),
    "a missing receipt": ("POST", f"{OF_CUSTOMER}/receipts/claims", {"transaction_id": "tx_0001"}),
    "a right": ("POST", f"{OF_CUSTOMER}/privacy-requests", {"kind": "access", "details": "canary"}),
    "a right named by the bank": ("POST", f"{OF_CUSTOMER}/privacy-requests", {"kind": "access", "request_id": "a1"}),
    "a stranger's right": ("POST", "/v1/privacy-requests", ASKED),
    "a choice": ("PUT", f"{OF_CUSTOMER}/consents/receipts", {"granted": False}),
    "a disconnection": ("DELETE", OF_CUSTOMER, {}),
}
LOSSES: list[Exception] = [TryAgain("another writer was faster"), ConditionFailed([None, {"rev": 1}])]


def loses_once(
    monkeypatch: pytest.MonkeyPatch, loss: Exception, fits: Callable[[table.Write], bool] = lambda _write: True
) -> list[str]:
    """The first transaction with such a write is lost; what became of each, in the list."""
    transact, ends = table.transact, list[str]()

    def losing(writes: Sequence[table.Write]) -> None:
        if any(map(fits, writes)):
            ends.append("held" if ends else "lost")
            if ends == ["lost"]:
                raise loss
        transact(writes)

    monkeypatch.setattr(table, "transact", losing)
    return ends


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("call", CALLS)
def test_whoever_lost_to_another_writer_tries_again(
    counterfoil: World, monkeypatch: pytest.MonkeyPatch, call: str, loss: Exception
) -> None:
    counterfoil.consent()
    tell(counterfoil, payment(counterfoil))
    ends = loses_once(monkeypatch, loss)
    method, path, body = CALLS[call]
    scope = " ".join(f"counterfoil/openbank.{name}" for name in ("customers", "consents", "rights"))
    answer = counterfoil.request(method, path, json.dumps(body).encode(), scope=scope)
    assert answer["statusCode"] < 300, answer
    assert ends[:2] == (["lost"] if call == "a missing receipt" else ["lost", "held"])
    if "right" in call:
        [request] = [item for item in stored("ledger") if item["pk"].startswith("Q#")]
        assert request["pk"] == f"Q#{answer['json']['request_id']}"


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_a_link_is_made_though_another_wrote_it(
    counterfoil: World, monkeypatch: pytest.MonkeyPatch, loss: Exception
) -> None:
    def is_link(write: Any) -> bool:
        return isinstance(write, table.Put) and write.item.get("sk") == "L"

    with customer_in(counterfoil) as customer:
        ends = loses_once(monkeypatch, loss, is_link)
        customer.connect()
    assert ends == ["lost", "held"]
    assert [item for item in stored("ledger") if item["sk"] == "L"]
