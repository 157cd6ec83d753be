"""One table restored beside others that are newer: nobody who was erased has a thing left, and everybody can come."""

import copy
import json
from contextlib import suppress
from typing import Any

import pytest

from counterfoil.runtime import secrets
from counterfoil.store import cards, customers, erasures, table
from counterfoil.store.table import SALTS, Put
from functions import apply_erasures
from tests.account import moto_tables, stored
from tests.flows.erased import DAY, erase, put_back, rows_of, subject_of, versions
from tests.flows.scenarios import payment, receipt, tell
from tests.flows.test_erasing import PROOF
from tests.flows.test_rights_deaths import dying
from tests.world import Death, World


def card(world: World, customer: str = "cust_42", card_id: str = "card_9") -> int:
    path = f"/v1/banks/openbank/customers/{customer}/cards/{card_id}"
    told = {"last4": "7391", "scheme": "visa", "tokens": [f"tok_{card_id}"]}
    answer = world.request("PUT", path, json.dumps(told).encode(), scope="counterfoil/openbank.customers")
    return int(answer["statusCode"])


def copy_of(*tables: str) -> dict[str, Any]:
    return {name: copy.deepcopy(moto_tables()[name].items) for name in tables}


def restore(backup: dict[str, Any]) -> None:
    for name, items in backup.items():
        moto_tables()[name].items = copy.deepcopy(items)


def apply(world: World) -> int:
    """As ops do; how many are erased again."""
    told = apply_erasures.handler({"after": ""}, None)
    world.run(DAY)
    return int(told["again"])


def salts() -> list[str]:
    """The kinds of what stands beside the salts."""
    return sorted(item["pk"][:2] for item in stored("salts"))


def is_served(world: World, customer: str = "cust_42") -> bool:
    """Whether a payment of theirs finds its receipt."""
    before = len(world.notices())
    tell(world, payment(world, "tx_after", customer_id=customer), receipt(world, "after"))
    return len(world.notices()) == before + 1


@pytest.fixture(autouse=True)
def _no_entries_of_other_tests(counterfoil: World) -> None:
    put_back(counterfoil, "payloads", {})


@pytest.fixture
def erased(counterfoil: World) -> tuple[World, dict[str, Any]]:
    """A customer with two cards who was erased since the salts were copied; with the copy."""
    counterfoil.consent()
    for number in (8, 9):
        assert card(counterfoil, card_id=f"card_{number}") == 200
    backup = copy_of("salts")
    erase(counterfoil, subject_of())
    assert salts() == []
    return counterfoil, backup


def test_salts_alone_bring_no_way_to_a_card_back(erased: tuple[World, dict[str, Any]]) -> None:
    world, backup = erased
    restore(backup)
    assert salts() == ["C#", "N#", "N#"]
    assert apply(world) == 0, "the ledger knows that all else is gone"
    assert salts() == []
    world.consent("cust_43")
    assert card(world, "cust_43") == 200
    assert rows_of(subject_of()) == PROOF


def test_a_death_while_the_ledger_is_applied_leaves_it_to_the_next(erased: tuple[World, dict[str, Any]]) -> None:
    world, backup = erased
    restore(backup)

    def look(at: tuple[int, str]) -> None:
        apply(world)
        assert salts() == [], at

    assert dying(world, lambda: apply(world), look) >= 5


def test_a_death_while_it_is_entered_loses_no_card(counterfoil: World) -> None:
    world = counterfoil
    world.consent()
    assert card(world) == 200
    backup, beginning = copy_of("salts"), world.remember()

    def life() -> None:
        erase(world, subject_of())

    life()
    calls = [number for number, name in enumerate(world.calls[-world.passed :]) if name == "s3.PutObject"]
    assert len(calls) == 1
    for when in ("before", "after"):
        world.restore(beginning)
        world.deaths = {calls[0]: when}
        with suppress(Death):
            life()
        restore(backup)
        apply(world)
        assert salts() == [], when


def test_who_came_back_since_keeps_what_is_theirs(erased: tuple[World, dict[str, Any]]) -> None:
    world, backup = erased
    world.consent()
    assert card(world) == 200
    before = copy_of("salts")
    apply(world)
    assert copy_of("salts") == before
    assert is_served(world)
    restore(backup)
    apply(world)
    assert "C#" not in salts(), "the salt of their former life, under which nothing is"


def test_an_entry_whose_cards_no_salt_opens_is_applied_all_the_same(erased: tuple[World, dict[str, Any]]) -> None:
    world, _ = erased
    table.write(Put(SALTS, {"pk": f"C#{subject_of()}", "salt": b"another life's".ljust(32), "made": 0}))
    apply(world)
    assert salts() == []


def test_the_erasure_ledger_tells_no_card_once_the_salt_is_gone(counterfoil: World) -> None:
    counterfoil.consent()
    assert card(counterfoil) == 200
    kept = cards.get(subject_of())
    assert kept is not None
    erase(counterfoil, subject_of())
    [(name, _)] = versions(counterfoil, "payloads")
    [content] = versions(counterfoil, "payloads").values()
    assert name.startswith(erasures.PREFIX)
    assert set(json.loads(content)) == {"subject", "at", "cards"}
    assert secrets.sealer().card("openbank", "card_9") == kept.names[0]
    assert kept.names[0] not in content.decode()


def test_a_ledger_of_before_an_erasure_beside_a_newer_salt_lets_its_customer_come(counterfoil: World) -> None:
    world = counterfoil
    world.consent()
    backup = copy_of("ledger")
    erase(world, subject_of())
    world.pass_time(60)
    assert world.consent()["statusCode"] == 200
    restore(backup)
    assert apply(world) == 1
    assert customers.get(subject_of()) is None
    assert salts() == [], "that of the life that the ledger forgot"
    assert world.consent()["statusCode"] == 200
    assert is_served(world)


def test_a_ledger_of_before_its_customer_was_there_lets_them_come(counterfoil: World) -> None:
    backup = copy_of("ledger")
    counterfoil.consent()
    [old] = stored("salts")
    restore(backup)
    apply(counterfoil)
    assert counterfoil.consent()["statusCode"] == 200
    [new] = stored("salts")
    assert new["salt"] != old["salt"], "what was sealed under it is of a life of which nobody knows what it allowed"
    assert is_served(counterfoil)
