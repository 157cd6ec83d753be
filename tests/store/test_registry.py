"""Who takes part: read once a minute, and ids that two claim are nobody's."""

import time
from collections.abc import Iterator

import pytest

from counterfoil.domain.merchants import CARD, Merchant
from counterfoil.store import registry
from tests.world import World


@pytest.fixture
def known(counterfoil: World) -> Iterator[World]:
    registry.forget()
    yield counterfoil
    registry.forget()


def gets(world: World) -> int:
    return world.calls.count("dynamodb.GetItem")


def test_what_is_registered_is_read_once(known: World) -> None:
    before = gets(known)
    for _ in range(50):
        assert registry.bank("openbank")
        assert registry.retailer("kite")
        assert registry.branch("kite", "soho")
        assert registry.shop(CARD, "MID000123")
    assert gets(known) == before + 4


def test_what_is_unknown_is_remembered_too(known: World) -> None:
    before = gets(known)
    for _ in range(50):
        assert registry.shop(CARD, "nobody's") is None
    assert gets(known) == before + 1


def test_a_change_elsewhere_is_seen_within_a_minute(known: World, monkeypatch: pytest.MonkeyPatch) -> None:
    record = registry.bank("openbank")
    assert record is not None
    registry.disable("openbank")
    assert (registry.bank("openbank") or record).disabled
    cached = dict(registry._cache)
    registry.register_bank(record.bank)
    registry._cache.update(cached)
    assert (registry.bank("openbank") or record).disabled
    later = time.monotonic() + registry.CACHE_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert not (registry.bank("openbank") or record).disabled


def _rival(world: World) -> Merchant:
    kite, soho = registry.retailer("kite"), registry.branch("kite", "soho")
    assert kite is not None
    assert soho is not None
    return kite.model_copy(update={"retailer": "rival", "stores": (soho.store,)})


def test_an_id_that_two_retailers_claim_is_frozen_for_both(known: World) -> None:
    frozen = registry.register_merchant(_rival(known))
    assert "MID000123" in frozen
    shop = registry.shop(CARD, "MID000123")
    assert shop is not None
    assert not shop.live
    known.consent()
    known.play("bank_webhook.authorised")
    assert known.queues["match"] == []


def test_registering_again_changes_nothing(known: World) -> None:
    kite, soho = registry.retailer("kite"), registry.branch("kite", "soho")
    again = kite.model_copy(update={"stores": (soho.store,)}) if kite and soho else None
    assert again is not None
    assert registry.register_merchant(again) == []
    after = registry.branch("kite", "soho")
    assert soho is not None
    assert after is not None
    assert (after.store, after.revision) == (soho.store, soho.revision)


def test_a_store_is_found_as_it_was_when_its_receipt_was_taken(known: World) -> None:
    kite, soho = registry.retailer("kite"), registry.branch("kite", "soho")
    assert kite is not None
    assert soho is not None
    moved = soho.store.model_copy(update={"address": "1 New Street"})
    registry.register_merchant(kite.model_copy(update={"stores": (moved,)}))
    old, new = registry.branch("kite", "soho", soho.revision), registry.branch("kite", "soho")
    assert (old or soho).store.address == soho.store.address
    assert (new or soho).store.address == "1 New Street"
