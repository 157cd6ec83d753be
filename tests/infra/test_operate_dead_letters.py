"""The operators' orders about dead letters, and what is erased anew first, on queues that moto keeps."""

from typing import Any

import boto3
import pytest

from infra.names import REGION
from infra.operate.__main__ import main
from tests.infra.deployed import Erasing, words

BODY = "sealed-and-not-to-be-shown"


def _url(name: str) -> str:
    return boto3.client("sqs", region_name=REGION).get_queue_url(QueueName=name)["QueueUrl"]


def _send(name: str, count: int) -> None:
    for index in range(count):
        boto3.client("sqs", region_name=REGION).send_message(
            QueueUrl=_url(name),
            MessageBody=f"{BODY}-{index}",
            MessageAttributes={"kind": {"DataType": "String", "StringValue": "delivery"}},
        )


def _messages(name: str) -> list[dict[str, Any]]:
    sqs, found = boto3.client("sqs", region_name=REGION), []
    while batch := sqs.receive_message(QueueUrl=_url(name), MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
        "Messages"
    ):
        found += batch
    return found


def test_the_whole_erasure_ledger_is_applied(aws: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["erasures", "apply"]) == 0
    assert aws["lambda"].asked == ["", "erasures/3"]
    assert capsys.readouterr().out == "6 erasures in the ledger, 2 of them are carried out again\n"


def test_nothing_is_sent_again_before_the_erasure_ledger_is_applied(aws: dict[str, Any]) -> None:
    _send("match-dead", 3)
    aws["lambda"] = Erasing(FunctionError="Unhandled")
    assert main(["redrive", "match"]) == 1
    assert _messages("match") == []
    aws["lambda"] = applying = Erasing()
    assert main(["redrive", "match"]) == 0
    assert applying.asked == ["", "erasures/3"]
    assert len(_messages("match")) == 3


def test_redrive_moves_every_message_as_it_was(aws: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    _send("openbank-dead", 23)
    assert main(["redrive", "openbank"]) == 0
    detail = {"order": "redrive", "queue": "openbank", "at_most": 23}
    assert aws["lambda"].recorded == [{"what": "ops action", "detail": detail}]
    assert _messages("openbank-dead") == []
    moved = _messages("openbank")
    assert {message["Body"] for message in moved} == {f"{BODY}-{index}" for index in range(23)}
    assert len(moved) == 23
    for message in moved:
        assert message["MessageAttributes"]["kind"] == {"DataType": "String", "StringValue": "delivery"}
    shown = "".join(capsys.readouterr())
    assert "23 moved from the dead letters of openbank, 0 failed, 0 left" in shown
    assert BODY not in shown


@pytest.mark.usefixtures("aws")
def test_redrive_is_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    _send("match-dead", 15)
    assert main(["redrive", "match", "--limit", "12"]) == 0
    assert len(_messages("match")) == 12
    assert "3 left" in capsys.readouterr().out


def test_what_cannot_be_sent_stays_in_the_dead_letters(aws: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    _send("match-dead", 3)
    real = boto3.client("sqs", region_name=REGION)

    class HalfBroken:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:  # noqa: N803
            return real.send_message_batch(QueueUrl=QueueUrl, Entries=Entries[:1])

    aws["sqs"] = HalfBroken()
    assert main(["redrive", "match"]) == 1
    assert len(_messages("match")) == 1
    shown = capsys.readouterr()
    assert "1 moved from the dead letters of match, 2 failed" in shown.out
    assert "still in the dead letters" in shown.err


@pytest.mark.usefixtures("aws")
def test_an_unknown_queue_is_refused_naming_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["redrive", "monzo"]) == 1
    assert "match, openbank" in capsys.readouterr().err


@pytest.mark.usefixtures("aws")
def test_dead_letters_lists_depths(capsys: pytest.CaptureFixture[str]) -> None:
    _send("openbank-dead", 2)
    assert main(["dead-letters"]) == 0
    assert words(capsys.readouterr().out) == [
        ["0", "match"],
        ["2", "openbank"],
    ]
