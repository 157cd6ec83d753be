"""The operators' commands, on queues and secrets that moto keeps in this process."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.names import APP_STACK, REGION
from infra.operate import deployment
from infra.operate.__main__ import main

QUEUES = ("match", "openbank")
BODY = "sealed-and-not-to-be-shown"


class Stacks:
    """CloudFormation as far as the commands ask it, which moto has only with much more to install."""

    def __init__(self, outputs: dict[str, str]) -> None:
        self.outputs = outputs

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        assert StackName == APP_STACK
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in self.outputs.items()]
        return {"Stacks": [{"StackName": StackName, "Outputs": outputs}]}


class Desk:
    """Stands for the deployed functions; moto would need Docker to run one. What ops do is recorded first."""

    def __init__(self) -> None:
        self.recorded: list[dict[str, Any]] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        if FunctionName != "desk":
            return self.called(FunctionName, json.loads(Payload))
        self.recorded.append(json.loads(Payload)["did"])
        return {"Payload": io.BytesIO(b"{}")}

    def called(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        raise AssertionError(name)


class Erasing(Desk):
    """Stands for the deployed `apply_erasures` too: a ledger of two pages."""

    def __init__(self, **failure: str) -> None:
        super().__init__()
        self.failure, self.asked = failure, list[str]()

    def called(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        assert name == "erasures"
        self.asked.append(payload["after"])
        told = {"entries": 3, "again": 1, "after": "" if payload["after"] else "erasures/3"}
        return {"Payload": io.BytesIO(json.dumps(told).encode()), **self.failure}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The stand-ins, by service, for what is not moto's."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    real = deployment.client
    with mock_aws():
        functions = {"RegisterFunction": "register", "ProbeFunction": "probe", "ErasuresFunction": "erasures"}
        outputs = {"Queues": json.dumps(_make_queues()), "AuditDeskFunction": "desk", **functions}
        services: dict[str, Any] = {"cloudformation": Stacks(outputs), "lambda": Erasing()}
        monkeypatch.setattr(deployment, "client", lambda service: services.get(service) or real(service))
        yield services


def _make_queues() -> dict[str, str]:
    sqs = boto3.client("sqs", region_name=REGION)
    urls = {}
    for name in QUEUES:
        dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
        urls[name] = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
    return urls


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
    assert _words(capsys.readouterr().out) == [
        ["0", "match"],
        ["2", "openbank"],
    ]


@pytest.mark.usefixtures("aws")
def test_a_new_secret_is_stored_and_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["secret", "new", "openbank/2026-11"]) == 0
    name = "counterfoil/webhooks/openbank/2026-11"
    value = boto3.client("secretsmanager", region_name=REGION).get_secret_value(SecretId=name)["SecretString"]
    assert value.startswith("whsec_")
    assert len(value) == len("whsec_") + 44  # 32 bytes in base64
    shown = "".join(capsys.readouterr())
    assert name in shown
    assert value.removeprefix("whsec_") not in shown
    assert main(["secret", "new", name]) == 1
    assert "exists" in capsys.readouterr().err


FILE = """\
{"banks": [
  {"bank": "openbank", "secrets": ["counterfoil/webhooks/openbank/2026-11"], "status": "live"},
  {"bank": "harbourbank", "secrets": ["counterfoil/webhooks/harbourbank/2026-11"], "status": "live"}
]}
"""


def test_a_secret_is_rotated_with_overlap(
    aws: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    banks = tmp_path / "banks.json"
    banks.write_text(FILE, encoding="utf-8")
    aws["lambda"] = registering = Registering({"registered": {"banks": 2}})
    main(["secret", "new", "openbank/2026-11"])

    assert main(["secret", "rotate", "openbank/2026-11", "openbank/2026-12", "--banks", str(banks)]) == 0
    both = '"counterfoil/webhooks/openbank/2026-11", "counterfoil/webhooks/openbank/2026-12"'
    rotated = FILE.replace('"counterfoil/webhooks/openbank/2026-11"', both)
    assert banks.read_text() == rotated
    client = boto3.client("secretsmanager", region_name=REGION)
    new = client.get_secret_value(SecretId="counterfoil/webhooks/openbank/2026-12")["SecretString"]
    assert new not in "".join(capsys.readouterr())

    assert main(["secret", "retire", "openbank/2026-11", "--banks", str(banks)]) == 0
    retired = FILE.replace("openbank/2026-11", "openbank/2026-12", 1)
    assert banks.read_text() == retired
    assert [call["banks"] for call in registering.calls] == [rotated, retired]
    did = [(one["what"], one["detail"]["order"], one["detail"]["name"][-7:]) for one in registering.recorded]
    assert did == [("secret changed", order, month) for order, month in
                   (("made", "2026-11"), ("made", "2026-12"), ("retired", "2026-11"))]  # fmt: skip
    assert "DeletedDate" in client.describe_secret(SecretId="counterfoil/webhooks/openbank/2026-11")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["retire", "openbank/2026-11"], "the only one"),
        (["retire", "monzo/2026-11"], "no file"),
        (["rotate", "openbank/2026-10", "openbank/2026-12"], "no file"),
        (["rotate", "openbank/2026-11", "openbank/taken"], "exists"),
    ],
)
def test_a_rotation_that_would_go_wrong_changes_nothing(
    aws: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    banks = tmp_path / "banks.json"
    banks.write_text(FILE, encoding="utf-8")
    aws["lambda"] = registering = Registering({"registered": {"banks": 2}})
    for name in ("openbank/2026-11", "openbank/taken"):
        main(["secret", "new", name])
    assert main(["secret", *arguments, "--banks", str(banks)]) == 1
    assert said in capsys.readouterr().err
    assert banks.read_text() == FILE
    assert registering.calls == []


class Registering(Desk):
    def __init__(self, answer: dict[str, Any], **more: str) -> None:
        super().__init__()
        self.answer, self.more = answer, more
        self.calls: list[dict[str, Any]] = []

    def called(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        assert name == "register"
        self.calls.append(payload)
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode()), **self.more}


def _words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_register_sends_the_texts_and_tells_what_was_stored(
    aws: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    merchants = tmp_path / "m.json"
    merchants.write_text('{"merchants": []}\n', encoding="utf-8")
    aws["lambda"] = registering = Registering({"registered": {"merchants": 2, "stores": 5}})
    assert main(["register", "--merchants", str(merchants)]) == 0
    assert registering.calls == [{"merchants": '{"merchants": []}\n', "banks": None}]
    assert _words(capsys.readouterr().out) == [
        ["2", "merchants"],
        ["5", "stores"],
    ]


def test_register_tells_each_problem_by_file_line_and_field(
    aws: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    banks = tmp_path / "b.json"
    banks.write_text("{}", encoding="utf-8")
    problem = {"file": "banks", "line": 12, "field": "banks[0].callback_url", "message": "must be https"}
    aws["lambda"] = Registering({"problems": [problem]})
    assert main(["register", "--banks", str(banks)]) == 1
    assert f"{banks}:12 banks[0].callback_url: must be https" in capsys.readouterr().err


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("arguments", [[], ["--banks", "no/such/file.json"]])
def test_register_without_a_file_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["register", *arguments]) == 1
    assert capsys.readouterr().err


def test_a_function_that_fails_is_not_taken_for_done(
    aws: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    banks = tmp_path / "b.json"
    banks.write_text("{}", encoding="utf-8")
    aws["lambda"] = Registering({"errorMessage": "…"}, FunctionError="Unhandled")
    assert main(["register", "--banks", str(banks)]) == 1
    assert "log" in capsys.readouterr().err


class Tending(Desk):
    """Stands for the deployed `probe_banks`."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: list[dict[str, Any]] = []

    def called(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        assert name == "probe"
        self.orders.append(payload)
        nothing = dict.fromkeys(("reason", "since", "last_status", "next_probe"))
        paused = {"reason": "failing", "since": "2026-11-22T09:00:00Z", "last_status": 503,
                  "next_probe": "2026-11-22T09:08:00Z"}  # fmt: skip
        told = [{"bank": "openbank", "state": "well"} | nothing, {"bank": "monzo", "state": "paused"} | paused]
        return {"Payload": io.BytesIO(json.dumps({"banks": told}).encode())}


def test_banks_tells_how_each_is(aws: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    aws["lambda"] = tending = Tending()
    assert main(["banks"]) == 0
    assert tending.orders == [{"look": True}]
    assert capsys.readouterr().out.splitlines() == [
        "well     openbank",
        "paused   monzo  reason failing  since 2026-11-22T09:00:00Z  last status 503  next probe 2026-11-22T09:08:00Z",
    ]


@pytest.mark.parametrize("wish", ["pause", "resume"])
def test_a_bank_is_paused_and_resumed_by_hand(
    wish: str, aws: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    aws["lambda"] = tending = Tending()
    assert main([wish, "monzo"]) == 0
    assert tending.orders[-1] == {wish: "monzo"}
    assert main([wish, "nobank"]) == 1
    assert tending.orders[-1] == {"look": True}
    assert "openbank, monzo" in capsys.readouterr().err


@pytest.mark.parametrize("order", ["register", "redrive", "secret", "dead-letters", "banks", "pause", "resume"])
def test_help_teaches_each_order(order: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([order, "--help"])
    assert ended.value.code == 0
    assert len(capsys.readouterr().out.split()) > 25
