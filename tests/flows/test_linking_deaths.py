"""Lambdas that die while an account is linked, unlinked, or its tokens are refreshed."""

from contextlib import suppress

from counterfoil.runtime import http
from counterfoil.store import customers
from tests.account import stored
from tests.flows.linked import Customer, buys, events_secret
from tests.world import Death, Wire, World


def moments(world: World) -> list[tuple[int, str]]:
    return [(number, when) for number in range(world.passed) for when in ("before", "after")]


def set_up(customer: Customer) -> None:
    customer.world.run()


def test_a_death_at_any_call_of_setting_up_changes_nothing(customer: Customer) -> None:
    customer.pays()
    customer.posted.clear()
    customer.connect()
    beginning, grants = customer.world.remember(), [(each.access, each.refresh) for each in customer.monzo._grants]
    customer.world.run()
    passed = customer.world.passed
    assert len(customer.monzo.webhooks) == 1
    for number in range(passed):
        for when in ("before", "after"):
            answer = customer.world.answer
            customer.world.restore(beginning)
            customer.world.answer = answer
            customer.monzo.webhooks.clear()
            (customer.monzo._grants[0].access, customer.monzo._grants[0].refresh) = grants[0]
            customer.world.deaths = {number: when}
            customer.world.run()
            assert len(customer.monzo.webhooks) == 1, (number, when)
            assert len([item for item in stored("ledger") if item["pk"].startswith("T#")]) == 1, (number, when)
            assert not any(customer.world.dead.values()), (number, when)


def test_a_death_at_any_call_of_taking_down_leaves_nothing(linked: Customer) -> None:
    linked.connect()
    linked.world.run()
    webhooks, grant = dict(linked.monzo.webhooks), linked.monzo._grants[0]
    assert linked.switch_off()["statusCode"] == 303
    beginning, answer = linked.world.remember(), linked.world.answer
    linked.world.run()
    passed = linked.world.passed
    assert passed > 5
    for number in range(passed):
        for when in ("before", "after"):
            linked.world.restore(beginning)
            linked.world.answer = answer
            linked.monzo.webhooks.update(webhooks)
            linked.monzo._grants[:] = [grant]
            linked.world.deaths = {number: when}
            linked.world.run()
            assert linked.monzo.webhooks == {}, (number, when)
            assert linked.monzo._grants == [], (number, when)
            assert linked.link is None, (number, when)
            kept = [item["pk"] for item in stored("ledger") if item["pk"].startswith("P#")]
            assert kept == [events_secret()], (number, when)
            assert not any(linked.world.dead.values()), (number, when)


def test_a_death_at_any_call_of_disconnecting_leaves_no_tokens_of_who_withdrew(linked: Customer) -> None:
    webhooks, grant, cookies = dict(linked.monzo.webhooks), linked.monzo._grants[0], dict(linked.browser.cookies)
    beginning, answer = linked.world.remember(), linked.world.answer
    linked.world.passed, linked.world.mortal = 0, 1
    linked.switch_off()
    passed = linked.world.passed
    assert passed > 4
    for number in range(passed):
        for when in ("before", "after"):
            linked.world.restore(beginning)
            linked.world.answer = answer
            linked.monzo.webhooks.update(webhooks)
            linked.monzo._grants[:] = [grant]
            linked.browser.cookies = dict(cookies)
            linked.world.deaths, linked.world.passed, linked.world.mortal = {number: when}, 0, 1
            with suppress(Death):
                linked.switch_off()
            linked.world.deaths, linked.world.mortal = {}, 0
            linked.world.run()
            withdrew = not customers.get(linked.subject).allows("receipts", linked.world.now)  # type: ignore[union-attr]
            assert (linked.link is None) == withdrew, (number, when)
            assert linked.monzo._grants == ([] if withdrew else [grant]), (number, when)


def test_a_death_between_refresh_and_save_lapses_the_link_and_loses_nothing_else(linked: Customer) -> None:
    linked.world.pass_time(6 * 3600)
    paid = buys(linked)
    linked.world.work_on("match", linked.world.receive("match"))
    answer = linked.world.answer

    def dies(wire: Wire) -> http.Answer:
        answered = answer(wire)
        if wire.url.endswith("/oauth2/token"):
            linked.world.answer = answer
            linked.world.deaths = {linked.world.passed - 1: "after"}
        return answered

    linked.world.answer = dies
    linked.world.run(3600)
    assert linked.link.state == "lapsed"
    linked.connect()
    linked.world.run()
    assert linked.monzo.receipt_of(paid["id"]) is not None
