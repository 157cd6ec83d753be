"""The main job on the deployed engine: either order, repeats, poison, and functions that die at work."""

import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

from infra.sandbox.bank import Attempt, Bank
from tests.sandbox.engine_parts import eventually
from tests.sandbox.live import Live

SHORT_VISIBILITY = 3
POISON = '{"id": "x", "transaction": {"key": 7}}'


@contextmanager
def soon_visible(live: Live, *urls: str) -> Iterator[None]:
    """What was not done comes back after seconds, not minutes."""
    sqs = live.client("sqs")

    def visibility(url: str, seconds: str) -> str:
        before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": seconds})
        return str(before["Attributes"]["VisibilityTimeout"])

    before = {url: visibility(url, str(SHORT_VISIBILITY)) for url in urls}
    try:
        yield
    finally:
        for url, seconds in before.items():
            visibility(url, seconds)


def transactions(live: Live) -> int:
    return sum("('pk', {'S': 'T#" in item for item in live.items()[live.deployment.ledger_table])


def test_either_side_may_come_first(live: Live) -> None:
    live.consent("main_42")
    waiting, shown = live.items()[live.deployment.rendezvous_table], {}
    for order in ("payment first", "receipt first"):
        payment, receipt = live.sale(order.replace(" ", "-"), "main_42")
        for side in (payment, receipt) if order == "payment first" else (receipt, payment):
            send = live.stage.pay if side is payment else live.stage.print_receipt
            assert send("openbank" if side is payment else "kite", side).status_code == 202
            live.settle()
        shown[order] = live.stage.shown("openbank", payment)
        assert shown[order]["receipt"]["receipt_id"] == receipt["receipt_id"]
        assert len(live.stage.attempts("openbank", payment)) == 1
    one, other = (each["receipt"] for each in shown.values())
    assert {name: one[name] for name in ("lines", "store", "retailer", "vat", "total")} == {
        name: other[name] for name in ("lines", "store", "retailer", "vat", "total")
    }
    assert live.items()[live.deployment.rendezvous_table] == waiting


def test_the_same_webhook_fifty_times_at_once_is_one_delivery(live: Live) -> None:
    live.consent("main_50")
    payment, receipt = live.sale("fifty", "main_50")
    known = transactions(live)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: live.stage.bank("openbank").send(payment).status_code, range(50)))
    assert answers == [202] * 50
    live.stage.print_receipt("kite", receipt)
    assert live.stage.shown("openbank", payment)["state"] == "matched"
    live.settle()
    assert len(live.stage.attempts("openbank", payment)) == 1
    assert transactions(live) == known + 1


def test_a_poison_message_goes_to_the_dead_letters_alone(live: Live) -> None:
    match, sqs = live.deployment.match_queue_url, live.client("sqs")
    dead = live.dead_letters_of(match)
    live.consent("main_poison")
    payment, receipt = live.sale("poison", "main_poison")
    with soon_visible(live, match):
        with live.held(match):  # so that all three are in one batch
            sqs.send_message(QueueUrl=match, MessageBody=POISON)
            live.stage.pay("openbank", payment)
            live.stage.print_receipt("kite", receipt)
        assert live.stage.shown("openbank", payment)["state"] == "matched"
        eventually(lambda: live.depths()[dead.rpartition("/")[2]], 40)
        live.settle()
    buried = sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in buried] == [POISON]
    live.empty_queues()


def workers(live: Live, function: str) -> set[int]:
    """The engine's processes that run this function."""
    listed = subprocess.run(["ps", "-ww", "-eo", "pid,pgid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()[1:]]
    ours = [row for row in rows if row[1] == str(live.deployment.engine.pid)]
    return {int(pid) for pid, _, command in ours if f"awslambdaric {function}.handler" in command}


def kill(live: Live, function: str) -> int:
    """Ends every worker of the function at once; how many there were."""
    killed = 0
    for pid in workers(live, function):
        with suppress(ProcessLookupError):  # it ended by itself since it was listed
            os.kill(pid, signal.SIGKILL)
            killed += 1
    return killed


def test_a_delivery_function_that_dies_once_the_bank_has_it_sends_the_same_again(live: Live) -> None:
    live.consent("main_death")
    payment, receipt = live.sale("death", "main_death")
    deaths: list[int] = []

    def die_on_the_first(_: Bank, attempt: Attempt) -> None:
        if not deaths and attempt.transaction_id == payment["data"]["transaction_id"]:
            deaths.append(kill(live, "deliver_receipt"))

    bank = live.stage.bank("openbank")
    listening, bank.on_attempt = bank.on_attempt, die_on_the_first
    with soon_visible(live, live.deployment.delivery_queue_urls["openbank"]):
        live.stage.pay("openbank", payment)
        live.stage.print_receipt("kite", receipt)
        eventually(lambda: len(live.stage.attempts("openbank", payment)) == 2, 40)
        live.settle()
    bank.on_attempt = listening
    assert deaths[0] >= 1
    sent = live.stage.attempts("openbank", payment)
    assert len(sent) == 2
    assert sent[0].delivery_id == sent[1].delivery_id
    assert sent[0].body == sent[1].body
    assert bank.api.delivery(sent[0].delivery_id)["state"] == "delivered"


def test_a_matcher_that_dies_again_and_again_matches_each_once(live: Live) -> None:
    live.consent("main_deaths")
    sales = [live.sale(f"deaths-{number}", "main_deaths") for number in range(4)]
    killed = 0
    with soon_visible(live, live.deployment.match_queue_url):
        for payment, receipt in sales:
            live.stage.pay("openbank", payment)
            live.stage.print_receipt("kite", receipt)
            killed += kill(live, "match_receipts")
        matched = [live.stage.shown("openbank", payment) for payment, _ in sales]
        live.settle()
    assert killed >= 2
    assert [each["receipt"]["receipt_id"] for each in matched] == [receipt["receipt_id"] for _, receipt in sales]
    assert [_distinct(live, payment) for payment, _ in sales] == [1, 1, 1, 1]


def _distinct(live: Live, payment: dict[str, Any]) -> int:
    return len({(attempt.delivery_id, attempt.body) for attempt in live.stage.attempts("openbank", payment)})
