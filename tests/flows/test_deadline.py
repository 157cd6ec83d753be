"""A send's fifteen seconds start when the consent is asked for, not when its answer has come."""

import pytest

from counterfoil.runtime import http
from counterfoil.store import customers
from tests.world import World


def test_a_slow_read_of_the_consent_shortens_the_send(counterfoil: World, monkeypatch: pytest.MonkeyPatch) -> None:
    counterfoil.consent()
    counterfoil.play("bank_webhook.authorised")
    counterfoil.play("retailer_receipt.sale")
    counterfoil._work_off("match")
    read, given = customers.with_salt, []

    def slow_read(subject: str) -> object:
        found = read(subject)
        counterfoil.pass_time(10)
        return found

    def call(method: str, url: str, headers: object, body: bytes, seconds: float, **_how: object) -> http.Answer:
        given.append(seconds)
        return http.Answer(200)

    monkeypatch.setattr(customers, "with_salt", slow_read)
    monkeypatch.setattr(http, "call", call)
    counterfoil._work_off("openbank")
    assert given == [5]
