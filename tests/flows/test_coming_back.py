"""Who disconnects and wants to come back: told when, and hindering nothing meanwhile."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from counterfoil.domain.erasures import Erasure
from counterfoil.flows import consent
from counterfoil.flows.outcome import Send
from counterfoil.store import customers, erasures
from tests.account import MONZO_ACCOUNT
from tests.flows.erased import subject_of
from tests.flows.linked import Browser, Customer, buys
from tests.visiting import Person
from tests.world import World

HALF_AN_HOUR = 1800
SETTLED = 1000
"""Seconds: nothing of before is under way, and what is recalled was taken back."""
LONDON = ZoneInfo("Europe/London")


def comes_back(customer: Customer) -> dict[str, Any]:
    """With another browser."""
    other = Customer(customer.world, customer.monzo, Browser(customer.world), customer.posted)
    return other.come_back(other.leave())


def erasure_of(customer: Customer) -> Erasure:
    found = erasures.get(customer.subject)
    assert found is not None
    return found


def told(page: str) -> datetime:
    """When the page says that they can come back."""
    [at] = re.findall(r"once it is over: at about (\d\d:\d\d), later", page)
    return datetime.strptime(at, "%H:%M")


def clock(at: datetime) -> datetime:
    return datetime.strptime(f"{at.astimezone(LONDON):%H:%M}", "%H:%M")


def test_a_linked_customer_is_erased_within_about_half_an_hour(linked: Customer) -> None:
    buys(linked)
    linked.world.run()
    linked.disconnect()
    began = linked.world.now
    linked.world.run(2 * HALF_AN_HOUR)
    assert erasure_of(linked).is_done
    assert erasure_of(linked).since - began < timedelta(minutes=35)


def test_who_tries_meanwhile_hinders_nothing_and_is_told_when(linked: Customer) -> None:
    """The bank ends the earlier tokens when it gives new ones: what is to be recalled goes on with those."""
    paid = buys(linked)
    linked.world.run()
    assert linked.monzo.receipt_of(paid["id"]) is not None
    linked.disconnect()
    said: list[datetime] = []
    for _ in range(12):
        answer = comes_back(linked)
        if answer["statusCode"] == 303:
            break
        assert answer["statusCode"] == 409
        assert "Your data is being erased" in answer["body"]
        said.append(told(answer["body"]))
        linked.world.run(240)
        linked.world.pass_time(240)
    assert len(said) > 5
    assert all(abs(at - clock(linked.world.now)) < timedelta(minutes=10) for at in said)
    counts = erasure_of(linked).counts
    assert (counts["recalled"], counts["confirmed"]) == (1, 1)
    assert linked.monzo.receipts == {}
    # All that is left at the bank is of the new linking.
    assert linked.monzo.webhooks == {}
    assert len(linked.monzo._grants) == 1
    assert linked.link.state == "linked"
    assert not any(linked.world.dead.values())


def test_who_comes_right_back_is_not_connected_and_erased_again(linked: Customer) -> None:
    """The erasure has not begun yet."""
    linked.disconnect()
    assert comes_back(linked)["statusCode"] == 409
    linked.world.run(2 * HALF_AN_HOUR)
    assert erasure_of(linked).is_done
    assert customers.get(linked.subject) is None
    assert (linked.monzo.webhooks, linked.monzo._grants) == ({}, [])


def test_tokens_that_nothing_needs_any_more_are_given_back(linked: Customer) -> None:
    linked.disconnect()
    linked.world.run(SETTLED)
    assert linked.link is None
    assert not erasure_of(linked).is_done
    assert comes_back(linked)["statusCode"] == 409
    assert linked.monzo._grants == []


def test_who_confirms_in_the_banks_app_meanwhile_is_told_then(linked: Customer) -> None:
    linked.disconnect()
    linked.monzo.unconfirmed.add(MONZO_ACCOUNT)
    other = Customer(linked.world, linked.monzo, Browser(linked.world), linked.posted)
    assert "One more step" in other.come_back(other.leave())["body"]
    linked.monzo.unconfirmed.clear()
    assert other.browser.get("/connect/monzo/linked")["statusCode"] == 409
    linked.world.run(2 * HALF_AN_HOUR)
    assert (linked.monzo.webhooks, linked.monzo._grants) == ({}, [])


def test_a_bar_is_not_for_who_is_unknown_or_somebody_new(counterfoil: World) -> None:
    sent: list[Send] = []
    consent.bar("nobody", counterfoil.now, sent.append)
    assert customers.get("nobody") is None
    counterfoil.consent()
    subject = subject_of()
    consent.bar(subject, counterfoil.now - timedelta(seconds=1), sent.append)
    assert not customers.get(subject).is_being_erased  # type: ignore[union-attr]
    consent.bar(subject, counterfoil.now, sent.append)
    assert customers.get(subject).is_being_erased  # type: ignore[union-attr]


def test_the_page_of_who_signs_in_meanwhile_says_so(shop: World) -> None:
    shopper = Person(shop, Browser(shop))
    shopper.sign_in()
    kept = dict(shopper.browser.cookies)
    shopper.press("disconnect")
    shopper.browser.cookies.update(kept)
    page = shopper.see()
    assert told(page) == clock(shopper.world.now + timedelta(minutes=32))
    assert "Switch" not in page
    shopper.world.run(2 * HALF_AN_HOUR)
    shopper.sign_in()
    assert "Your choices" in shopper.see()
