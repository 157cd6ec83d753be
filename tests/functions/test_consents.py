"""A customer's choices through their bank: what is taken, what is refused, what is kept and told."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from counterfoil.domain import notices
from counterfoil.domain.notices import Notice
from counterfoil.runtime import secrets
from counterfoil.store import audit
from tests.world import World

CUSTOMER = "/v1/banks/openbank/customers/cust_42"


def choose(world: World, purpose: str, granted: bool, **more: Any) -> dict[str, Any]:
    grant = {"notice_version": "2026-11"} if granted else {}
    body = json.dumps({"granted": granted, **grant, **more}).encode()
    return world.request("PUT", f"{CUSTOMER}/consents/{purpose}", body, scope="counterfoil/openbank.consents")


def shown(world: World) -> dict[str, Any]:
    told = world.request("GET", f"{CUSTOMER}/consents", scope="counterfoil/openbank.consents")
    assert told["statusCode"] == 200
    return dict(told["json"])


def on(world: World) -> list[str]:
    return [purpose for purpose, state in shown(world)["consents"].items() if state["granted"]]


def test_each_purpose_is_off_until_it_is_granted(counterfoil: World) -> None:
    assert on(counterfoil) == []
    for number, purpose in enumerate(["receipts", "loyalty", "offers"], 1):
        assert choose(counterfoil, purpose, granted=True)["statusCode"] == 200
        assert len(on(counterfoil)) == number
    choose(counterfoil, "loyalty", granted=False)
    assert on(counterfoil) == ["receipts", "offers"]


def test_what_rests_on_receipts_is_refused_without_and_goes_with_them(counterfoil: World) -> None:
    refused = choose(counterfoil, "offers", granted=True)
    assert refused["statusCode"] == 422
    assert [problem["field"] for problem in refused["json"]["errors"]] == ["granted"]
    choose(counterfoil, "receipts", granted=True)
    choose(counterfoil, "offers", granted=True)
    told = choose(counterfoil, "receipts", granted=False, origin="bank_support", language="cy")
    assert told["statusCode"] == 200
    assert on(counterfoil) == []
    last = {entry["purpose"]: entry for entry in shown(counterfoil)["history"]}
    for purpose in ("receipts", "offers"):
        assert (last[purpose]["granted"], last[purpose]["version"]) == (False, 2)
        assert (last[purpose]["origin"], last[purpose]["language"]) == ("bank_support", "cy")


def test_the_same_request_again_gets_the_same_answer(counterfoil: World) -> None:
    for granted in (True, False):
        first = choose(counterfoil, "receipts", granted)
        counterfoil.pass_time(3600)
        assert choose(counterfoil, "receipts", granted)["json"] == first["json"]
    assert len(shown(counterfoil)["history"]) == 2


@pytest.mark.parametrize("version", ["2026-10", "2027-01", "2026-11.1"])
def test_a_grant_names_a_published_notice(counterfoil: World, version: str) -> None:
    refused = choose(counterfoil, "receipts", granted=True, notice_version=version)
    assert refused["statusCode"] == 422
    assert [problem["field"] for problem in refused["json"]["errors"]] == ["notice_version"]
    assert shown(counterfoil)["history"] == []


def test_every_change_is_in_the_audit_trail_once(counterfoil: World) -> None:
    for granted in (True, True, False, False):
        assert choose(counterfoil, "receipts", granted)["statusCode"] == 200
    head = audit.head(secrets.sealer().subject("openbank", "cust_42"))
    assert head is not None
    entries = list(audit.entries(head.chain))
    assert [entry.what for entry in entries] == ["consent changed"] * 2
    assert entries[1].detail == {"granted": False, "purposes": ["receipts"], "versions": [2], "origin": "bank_app"}


# Consent receipts


def verified(world: World, told: dict[str, Any]) -> dict[str, Any]:
    """What the signature covers, by the published keys."""
    published = KeySet.import_key_set(world.request("GET", "/v1/keys")["json"])
    return dict(json.loads(jws.deserialize_compact(told["consent_receipt_jws"], published, ["Ed25519"]).payload))


def test_a_choice_has_a_signed_receipt(counterfoil: World) -> None:
    told = choose(counterfoil, "receipts", granted=True, language="en-GB")["json"]
    receipt = told["consent_receipt"]
    assert verified(counterfoil, told) == receipt
    assert receipt["version"] == "KI-CR-v1.1.0"
    assert receipt["consentTimestamp"] == int(counterfoil.now.timestamp())
    assert (receipt["collectionMethod"], receipt["language"]) == ("bank_app", "en")
    assert UUID(receipt["consentReceiptID"]).version == 4
    assert receipt["piiPrincipalId"] == "cust_42"
    assert receipt["policyUrl"].endswith("/v1/notices/2026-11")
    assert json.loads(receipt["publicKey"]) in counterfoil.request("GET", "/v1/keys")["json"]["keys"]
    (purpose,) = receipt["services"][0]["purposes"]
    assert (purpose["purposeCategory"], purpose["consentType"]) == (["receipts"], "EXPLICIT")
    assert (purpose["thirdPartyDisclosure"], purpose["thirdPartyName"]) == (True, "Openbank")


def test_a_withdrawal_has_a_receipt_of_its_own(counterfoil: World) -> None:
    first = choose(counterfoil, "receipts", granted=True)["json"]["consent_receipt"]
    counterfoil.pass_time(60)
    told = choose(counterfoil, "receipts", granted=False, origin="our_support")["json"]
    receipt = verified(counterfoil, told)
    assert receipt["services"][0]["purposes"][0]["consentType"] == "WITHDRAWN"
    assert receipt["consentReceiptID"] != first["consentReceiptID"]
    assert receipt["consentTimestamp"] == first["consentTimestamp"] + 60


def test_a_receipt_changed_by_anybody_else_does_not_verify(counterfoil: World) -> None:
    told = choose(counterfoil, "receipts", granted=True)["json"]
    header, payload, signature = told["consent_receipt_jws"].split(".")
    forged = {**told, "consent_receipt_jws": f"{header}.{payload[:-1]}{'A' if payload[-1] != 'A' else 'B'}.{signature}"}
    with pytest.raises(JoseError):
        verified(counterfoil, forged)


def test_two_customers_receipts_differ(counterfoil: World) -> None:
    body = json.dumps({"granted": True, "notice_version": "2026-11"}).encode()
    ids = {
        counterfoil.request(
            "PUT", f"/v1/banks/openbank/customers/{who}/consents/receipts", body, scope="counterfoil/openbank.consents"
        )["json"]["consent_receipt"]["consentReceiptID"]
        for who in ("cust_42", "cust_43")
    }
    assert len(ids) == 2


def test_the_customers_id_is_told_and_not_kept(counterfoil: World) -> None:
    choose(counterfoil, "receipts", granted=True)
    assert "cust_42" not in str([counterfoil.items(name) for name in ("ledger", "salts", "rendezvous")])


# Notices


def test_a_purpose_whose_meaning_changed_is_asked_again(counterfoil: World, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(counterfoil, "receipts", granted=True)
    choose(counterfoil, "offers", granted=True)
    assert [state["ask_again"] for state in shown(counterfoil)["consents"].values()] == [False] * 3
    changes = counterfoil.now + timedelta(days=30)
    later = Notice("2026-12", counterfoil.now, ("Offers use more.",), {"offers": changes})
    monkeypatch.setattr(notices, "NOTICES", (*notices.NOTICES, later))
    told = shown(counterfoil)
    assert told["current_notice"] == "2026-12"
    assert [state["ask_again"] for state in told["consents"].values()] == [False, False, True]
    assert told["consents"]["offers"]["lapses_at"] == changes.isoformat().replace("+00:00", "Z")
    text = counterfoil.request("GET", "/v1/notices/2026-12")["json"]["texts"]["en-GB"]
    assert "Since version 2026-11:\n\n- Offers use more.\n- Offers: the meaning changed." in text
    assert f"it ends on {changes:%-d %B %Y}" in text
    again = choose(counterfoil, "offers", granted=True, notice_version="2026-12", expected_version=1)
    assert (again["statusCode"], again["json"]["consent"]["ask_again"]) == (200, False)


def test_a_lapsed_grant_lets_nothing_in(counterfoil: World, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(counterfoil, "receipts", granted=True)
    changed = Notice("2026-12", counterfoil.now, ("It goes elsewhere.",), {"receipts": counterfoil.now})
    monkeypatch.setattr(notices, "NOTICES", (*notices.NOTICES, changed))
    counterfoil.play("bank_webhook.authorised")
    assert counterfoil.queues["match"] == []
