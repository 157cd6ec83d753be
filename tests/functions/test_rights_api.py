"""Requests under data protection law over the wire: through the bank, and by anybody."""

import json
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlsplit
from zipfile import ZipFile

import boto3
import pytest

from counterfoil.domain.erasures import PHASES
from counterfoil.errors import Conflict, NotFound
from counterfoil.flows import cards, rights
from counterfoil.runtime import http, queues, secrets
from counterfoil.store import customers
from functions import rights_clock
from tests.account import stored
from tests.world import World

OF_CUSTOMER = "/v1/banks/openbank/customers/cust_42/privacy-requests"
DAY = 86_400
OF_ANYBODY = "/v1/privacy-requests"
ASKED = {"kind": "access", "email": "canary.who@example.com", "bank": "canary-bank", "details": "canary-details"}


def bank(world: World, method: str, path: str = OF_CUSTOMER, body: Any = None) -> dict[str, Any]:
    raw = json.dumps(body).encode() if body is not None else b""
    answer = world.request(method, path, raw, scope="counterfoil/openbank.rights")
    return {"status": answer["statusCode"], **answer["json"]}


def anybody(world: World, method: str, reference: str = "", body: Any = None, token: str = "") -> dict[str, Any]:
    raw = json.dumps(body).encode() if body is not None else b""
    path = f"{OF_ANYBODY}/{reference}" if reference else OF_ANYBODY
    answer = world.request(method, path, raw, {"privacy-request-token": token} if token else {})
    return {"status": answer["statusCode"], **answer["json"]}


def subject() -> str:
    return secrets.sealer().subject("openbank", "cust_42")


def everything(world: World) -> str:
    queued = [message.body for queue in world.queues.values() for message in queue]
    return str([stored("ledger"), stored("rendezvous"), stored("salts"), queued])


def test_a_request_through_the_bank_is_taken_with_its_clock_and_worked_on(counterfoil: World) -> None:
    counterfoil.consent()
    made = bank(counterfoil, "POST", body={"kind": "rectification", "details": "canary-details"})
    assert (made["status"], made["state"], made["due_by"]) == (202, "received", "2026-12-21")
    assert "by 21 December 2026" in made["message"]
    counterfoil.run()
    shown = bank(counterfoil, "GET", f"{OF_CUSTOMER}/{made['request_id']}")
    assert (shown["status"], shown["state"]) == (200, "in_progress")
    assert [step["what"] for step in shown["history"]] == ["received", "begun"]
    assert [each["request_id"] for each in bank(counterfoil, "GET")["requests"]] == [made["request_id"]]
    assert "canary" not in everything(counterfoil)
    assert not any(counterfoil.dead.values())


def test_the_banks_own_id_makes_a_repeat_the_same_request(counterfoil: World) -> None:
    counterfoil.consent()
    first = bank(counterfoil, "POST", body={"kind": "access", "request_id": "ask_1"})
    again = bank(counterfoil, "POST", body={"kind": "access", "request_id": "ask_1"})
    other = bank(counterfoil, "POST", body={"kind": "access"})
    assert first == again
    assert other["request_id"] != first["request_id"]
    assert bank(counterfoil, "POST", body={"kind": "erasure", "request_id": "ask_1"})["status"] == 409
    assert len(bank(counterfoil, "GET")["requests"]) == 2


def test_who_has_nothing_with_us_is_told_so_through_their_bank(counterfoil: World) -> None:
    made = bank(counterfoil, "POST", body={"kind": "erasure", "details": "canary-details"})
    counterfoil.run()
    shown = bank(counterfoil, "GET", f"{OF_CUSTOMER}/{made['request_id']}")
    assert (shown["state"], shown["history"][-1]["detail"]) == ("done", "nothing_held")
    assert "We hold nothing about you" in shown["message"]
    assert "sealed" not in next(item for item in stored("ledger") if item["pk"].startswith("Q#"))
    assert customers.get(subject()) is None


def test_another_customers_request_is_unknown(counterfoil: World) -> None:
    made = bank(counterfoil, "POST", body={"kind": "access"})
    elsewhere = f"/v1/banks/openbank/customers/cust_43/privacy-requests/{made['request_id']}"
    assert bank(counterfoil, "GET", elsewhere)["status"] == 404
    assert bank(counterfoil, "PUT", elsewhere, {"withdrawn": True})["status"] == 404


def test_anybody_is_told_the_same_and_nothing_is_done_before_identity_is_proved(counterfoil: World) -> None:
    counterfoil.consent()
    made = anybody(counterfoil, "POST", body=ASKED)
    assert (made["status"], made["state"], made["due_by"]) == (202, "waiting_for_identity", None)
    assert len(made["token"]) == 22
    counterfoil.run()
    shown = anybody(counterfoil, "GET", made["request_id"], token=made["token"])
    assert {**shown, "token": made["token"], "status": 202} == made
    kept = everything(counterfoil)
    assert made["token"] not in kept
    assert "canary" not in kept


@pytest.mark.parametrize("token", ["", "A" * 22, "é", "x" * 5000])
def test_a_wrong_token_and_an_unknown_reference_are_one(counterfoil: World, token: str) -> None:
    made = anybody(counterfoil, "POST", body=ASKED)
    wrong = anybody(counterfoil, "GET", made["request_id"], token=token)
    unknown = anybody(counterfoil, "GET", "prq_unknown", token=token)
    assert wrong == unknown
    assert wrong["status"] == 404


def test_a_public_request_is_small(counterfoil: World) -> None:
    assert anybody(counterfoil, "POST", body={**ASKED, "details": "a" * 2000})["status"] == 202
    assert anybody(counterfoil, "POST", body={**ASKED, "details": "a" * 2001})["status"] == 422
    assert anybody(counterfoil, "POST", body={**ASKED, "details": "é" * 2000})["status"] == 413


def test_signing_in_proves_it_and_the_words_become_the_customers(counterfoil: World) -> None:
    counterfoil.consent()
    made = anybody(counterfoil, "POST", body=ASKED)
    counterfoil.pass_time(10 * 86_400)
    sent: list[Any] = []
    with pytest.raises(NotFound):
        rights.prove(made["request_id"], "wrong", subject(), secrets.sealer(), counterfoil.now, sent.append)
    proved = rights.prove(made["request_id"], made["token"], subject(), secrets.sealer(), counterfoil.now, sent.append)
    assert (proved.state, str(proved.due_on())) == ("received", "2026-12-31")
    words = rights.words_of(proved, secrets.sealer())
    assert words is not None
    assert (words.email, words.details) == (ASKED["email"], ASKED["details"])
    for message in sent:
        counterfoil.put("rights", json.dumps(message.body))
    counterfoil.run(0)
    assert not any(item["pk"].startswith("Q#") for item in stored("salts"))
    again = rights.prove(made["request_id"], made["token"], subject(), secrets.sealer(), counterfoil.now, sent.append)
    assert again.state == "done"
    with pytest.raises(Conflict):
        rights.assign(made["request_id"], "another", "sign_in", secrets.sealer(), counterfoil.now, sent.append)


def test_a_request_is_withdrawn_by_whoever_made_it_and_its_salt_goes(counterfoil: World) -> None:
    made = anybody(counterfoil, "POST", body=ASKED)
    gone = anybody(counterfoil, "PUT", made["request_id"], {"withdrawn": True}, made["token"])
    assert (gone["status"], gone["state"]) == (200, "withdrawn")
    counterfoil.run()
    assert not any(item["pk"].startswith("Q#") for item in stored("salts"))
    assert anybody(counterfoil, "PUT", made["request_id"], {"withdrawn": True}, made["token"])["status"] == 200
    assert anybody(counterfoil, "PUT", made["request_id"], {"clarification": "x"}, made["token"])["status"] == 409


def subject_is_restricted() -> list[str]:
    customer = customers.get(subject())
    assert customer
    return sorted(customer.restrictions)


def test_restrictions_and_objections_are_done_at_once_and_the_person_ends_them(counterfoil: World) -> None:
    counterfoil.consent()
    for kind, standing in (
        ("restriction", ["requested"]),
        ("objection", ["objection", "requested"]),
        ("lifting", []),
    ):
        made = bank(counterfoil, "POST", body={"kind": kind})
        counterfoil.run(60)
        shown = bank(counterfoil, "GET", f"{OF_CUSTOMER}/{made['request_id']}")
        assert (shown["state"], subject_is_restricted()) == ("done", standing)


def test_an_erasure_tells_its_request_how_far_it_came(counterfoil: World) -> None:
    counterfoil.consent()
    for name in ("bank_webhook.authorised", "retailer_receipt.sale"):
        counterfoil.play(name)
    counterfoil.run(60)
    path = f"{OF_CUSTOMER}/" + bank(counterfoil, "POST", body={"kind": "erasure", "details": "canary"})["request_id"]
    counterfoil.run(6)
    assert bank(counterfoil, "PUT", path, {"withdrawn": True})["status"] == 409
    counterfoil.run(DAY)
    shown = bank(counterfoil, "GET", path)
    phases = [step["detail"] for step in shown["history"] if step["what"] == "phase"]
    assert phases == [f"{phase}: done" for phase in PHASES[:-1]]
    assert (shown["state"], shown["history"][-1]["detail"]) == ("done", "")
    assert "Your data is erased" in shown["message"]
    again = bank(counterfoil, "POST", body={"kind": "erasure"})
    counterfoil.run(DAY)
    assert "We hold nothing" in bank(counterfoil, "GET", f"{OF_CUSTOMER}/{again['request_id']}")["message"]
    assert not any(counterfoil.dead.values())


def test_a_bank_that_does_not_confirm_is_said(counterfoil: World) -> None:
    counterfoil.consent()
    for name in ("bank_webhook.authorised", "retailer_receipt.sale"):
        counterfoil.play(name)
    counterfoil.run(60)
    counterfoil.answer = lambda wire: http.Answer(500)
    path = f"{OF_CUSTOMER}/" + bank(counterfoil, "POST", body={"kind": "erasure"})["request_id"]
    counterfoil.run(DAY)
    shown = bank(counterfoil, "GET", path)
    assert shown["state"] == "done"
    assert "confirm: not_confirmed" in [step["detail"] for step in shown["history"]]
    assert "has not confirmed" in shown["message"]


def test_a_card_that_is_held_wrongly_is_put_right_at_once(counterfoil: World) -> None:
    counterfoil.consent()
    card = "/v1/banks/openbank/customers/cust_42/cards/card_9"
    wrong = json.dumps({"last4": "4243", "scheme": "visa", "tokens": ["tok_1"]}).encode()
    assert counterfoil.request("PUT", card, wrong, scope="counterfoil/openbank.customers")["statusCode"] == 200
    for right, state in (
        ({"card_id": "card_9", "last4": "4242"}, "done"),
        ({"card_id": "no", "last4": "4242"}, "in_progress"),
    ):
        made = bank(counterfoil, "POST", body={"kind": "rectification", "card": right})
        counterfoil.run(60)
        assert bank(counterfoil, "GET", f"{OF_CUSTOMER}/{made['request_id']}")["state"] == state
    wallet, _ = cards.of_customer(subject(), secrets.sealer())
    assert [(one.last4, one.scheme, one.tokens) for one in wallet.cards] == [("4242", "visa", ("tok_1",))]
    assert bank(counterfoil, "POST", body={"kind": "access", "card": {"card_id": "a", "last4": "1"}})["status"] == 422


def archive_at(url: str) -> list[str]:
    """The names of what is in the archive that a presigned address leads to."""
    name = unquote(urlsplit(url).path).partition("/exports/")[2]
    stored_as = boto3.client("s3").get_object(Bucket="files", Key=f"exports/{name}")
    return ZipFile(BytesIO(stored_as["Body"].read())).namelist()


@pytest.mark.parametrize("kind", ["access", "portability"])
def test_an_archive_is_fetched_for_a_day_and_then_gone(counterfoil: World, kind: str) -> None:
    counterfoil.consent()
    for name in ("bank_webhook.authorised", "retailer_receipt.sale"):
        counterfoil.play(name)
    counterfoil.run(60)
    path = f"{OF_CUSTOMER}/" + bank(counterfoil, "POST", body={"kind": kind})["request_id"]
    assert bank(counterfoil, "GET", path)["export"] is None
    counterfoil.run(60)
    shown = bank(counterfoil, "GET", path)
    assert (shown["state"], shown["history"][-1]["what"]) == ("done", "done")
    assert archive_at(shown["export"]["url"])
    assert bank(counterfoil, "GET")["requests"][0]["export"] is None
    counterfoil.pass_time(DAY)
    assert rights_clock.handler({}, None) == {"ExportExpired": 1}
    counterfoil.run(60)
    gone = bank(counterfoil, "GET", path)
    assert (gone["export"], gone["state"]) == (None, "done")
    assert "deleted" in gone["message"]
    # The bucket outlives a test: of this request there is nothing.
    prefix = f"exports/{subject()}/{shown['request_id']}"
    assert "Versions" not in boto3.client("s3").list_object_versions(Bucket="files", Prefix=prefix)


@pytest.mark.parametrize("proof", ["documents", "sign_in"])
def test_who_signed_in_for_somebody_elses_token_gives_nothing_to_who_has_it(counterfoil: World, proof: Any) -> None:
    counterfoil.consent()
    made = anybody(counterfoil, "POST", body=ASKED)
    rights.assign(made["request_id"], subject(), proof, secrets.sealer(), counterfoil.now, queues.announce)
    counterfoil.run(60)
    shown = anybody(counterfoil, "GET", made["request_id"], token=made["token"])
    assert shown["state"] == "done"
    assert (shown["export"] is not None) == (proof == "documents")
    assert bank(counterfoil, "GET", f"{OF_CUSTOMER}/{made['request_id']}")["export"]
