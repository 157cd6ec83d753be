"""Every wire's events: facts once and in any order, unknown fields, missing fields, and whatever else JSON can hold."""

import copy
import itertools
import json
from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterfoil.domain.transactions import TransactionEvent
from counterfoil.errors import Invalid
from infra.sandbox import event_files
from tests.contract.ground import Ground, events_of, model_event

REQUIRED = ("transaction_id", "customer_id", "amount", "currency", "authorised_at", "merchant.merchant_id")
Place = tuple[str | int, ...]


def places(value: Any, here: Place = ()) -> Iterator[Place]:
    """Every place of a body: members and list entries, at any depth."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*here, key)
        yield from places(inner, (*here, key))


def holder(body: Any, place: Place) -> Any:
    for step in place[:-1]:
        body = body[step]
    return body


def without(body: Any, place: Place) -> Any:
    changed = copy.deepcopy(body)
    del holder(changed, place)[place[-1]]
    return changed


def with_value(body: Any, place: Place, value: Any) -> Any:
    changed = copy.deepcopy(body)
    holder(changed, place)[place[-1]] = value
    return changed


def last_delivery(ground: Ground) -> Any:
    """The last call to the bank, without what tells one try from another."""
    wire = ground.world.wires[-1]
    return wire.method, wire.url, wire.body


def test_a_payment_and_its_receipt_meet(ground: Ground) -> None:
    assert ground.tells(ground.body) == 202
    ground.sells()
    ground.world.run()
    assert len(ground.world.wires) == 1


def test_a_fact_told_again_has_no_second_effect(ground: Ground) -> None:
    for _ in range(3):
        assert ground.tells(ground.body) == 202
    ground.sells()
    ground.world.run()
    assert ground.tells(ground.body) == 202
    ground.world.run()
    assert len(ground.world.wires) == 1
    assert not any(ground.world.dead.values())


def story(ground: Ground) -> list[str]:
    """The facts that the adapter's events tell of the model event's payment, which leave it standing."""
    facts = events_of(ground.adapter.name)
    told = facts[model_event(ground.adapter)].data
    return [
        name
        for name, fact in facts.items()
        if (fact.data.transaction_id, fact.data.customer_id, fact.data.amount)
        == (told.transaction_id, told.customer_id, told.amount)
        and fact.type in ("transaction.authorised", "transaction.cleared")
        and fact.data.direction == "debit"
    ][:3]


def test_the_order_of_arrival_does_not_matter(ground: Ground) -> None:
    beginning, seen = ground.world.remember(), set()
    for order in itertools.permutations([*story(ground), "the receipt"]):
        ground.world.restore(beginning)
        for name in order:
            if name == "the receipt":
                ground.sells()
            else:
                assert ground.tells(json.loads(event_files.load(name, ground.world.now).body)) == 202
            ground.world.run(seconds=1)
        ground.world.run()
        assert len(ground.world.wires) == 1
        seen.add(_outcome(ground))
    assert len(seen) == 1, seen


def _outcome(ground: Ground) -> Any:
    """Ids and receipt as they were delivered; times of events differ with the order in which facts are known."""
    body = json.loads(ground.world.wires[-1].body)
    data = body.get("data", body)
    return json.dumps({name: value for name, value in data.items() if name != "match"}, sort_keys=True)


def test_fields_that_the_bank_adds_later_change_nothing(ground: Ground) -> None:
    body = copy.deepcopy(ground.body)
    for place in [(), *places(body)]:
        value = holder(body, (*place, "x"))
        if isinstance(value, dict):
            value["aFieldOfTomorrow"] = {"nested": [1, None, "x"]}
    assert ground.adapter.parse(body) == ground.told
    assert ground.tells(body) == 202
    assert "Tomorrow" not in str(ground.world.queues)


def _answer(ground: Ground, body: Any) -> Any:
    """The canonical event, None, or the fields refused: nothing else is ever raised."""
    try:
        return ground.adapter.parse(body)
    except Invalid as error:
        return {problem.field for problem in error.problems}


def test_what_is_required_is_asked_for(ground: Ground) -> None:
    """Without the member that a required field is read from there is no event; the refusal names what is missing."""
    told = ground.told.data
    answers = {place: _answer(ground, without(ground.body, place)) for place in places(ground.body)}
    asked = {place: answer for place, answer in answers.items() if isinstance(answer, set)}
    eventless = {place for place, answer in answers.items() if answer is None} | asked.keys()
    for field in REQUIRED:
        value = attrgetter(field)(told)
        sources = {place for place in places(ground.body) if _says(ground, place, field, value)}
        # A bank of one country need not say its currency.
        assert sources & eventless or (not sources and field == "currency"), f"{field} may be missing"
    place = min(asked, key=len)
    refused = ground.send(ground.signed(json.dumps(without(ground.body, place)).encode()))
    assert refused["statusCode"] == 422
    assert {problem["field"] for problem in refused["json"]["errors"]} == asked[place]


def _says(ground: Ground, place: Place, field: str, value: Any) -> bool:
    """Whether that member of the body is where a field comes from: another value there is another there."""
    original = holder(ground.body, place)[place[-1]]
    others = {str: ["a-2", "EUR", "2026-11-20T08:00:00Z"], int: [original + 1 if isinstance(original, int) else 0]}
    for other in others.get(type(original), []):
        answer = _answer(ground, with_value(ground.body, place, other))
        if isinstance(answer, TransactionEvent) and attrgetter(field)(answer.data) != value:
            return True
    return False


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_stands_in_a_field_is_taken_or_refused_by_name(ground: Ground, data: st.DataObject) -> None:
    body = ground.body
    for place in data.draw(st.lists(st.sampled_from(list(places(body))), min_size=1, max_size=3)):
        try:
            body = with_value(body, place, data.draw(json_values))
        except (KeyError, IndexError, TypeError):
            continue
    _answer(ground, body)


@pytest.mark.parametrize("body", [None, [], 1, "x", True, {}, {"data": None}, {"content": []}, [[{}]]])
def test_a_body_that_is_no_event(ground: Ground, body: Any) -> None:
    assert _answer(ground, body) is None or isinstance(_answer(ground, body), set)
    assert ground.tells(body) in (202, 422)


@pytest.mark.parametrize("raw", [b"", b"{", b'{"a": 1, "a": 2}', b"\xff", b'"\\ud800"', b"[" * 40, b"NaN"])
def test_a_body_that_is_no_json(ground: Ground, raw: bytes) -> None:
    assert ground.send(ground.signed(raw))["statusCode"] == 400
