"""A file from its form to its last receipt: what is counted, told, queued and left behind."""

import json
from base64 import b64decode

import pytest

from counterfoil.domain.receipt_files import KEPT
from counterfoil.flows import receipt_files as flow
from counterfoil.store import receipt_files as store
from tests.receipt_files.desk import ERRORS, FILES, WRONG, Desk, many, sample


def test_the_same_request_again_is_the_same_file(desk: Desk) -> None:
    first, again, other = desk.ask(request_id="msg_a"), desk.ask(request_id="msg_a"), desk.ask(request_id="msg_b")
    assert [answer["statusCode"] for answer in (first, again, other)] == [201, 201, 201]
    assert first["json"]["id"] == again["json"]["id"] != other["json"]["id"]
    assert Desk(desk.world, "fern").ask(request_id="msg_a")["json"]["id"] != first["json"]["id"]
    assert desk.ask("jsonl", request_id="msg_a")["statusCode"] == 409


def test_a_form_is_for_one_name_and_a_limited_size(desk: Desk) -> None:
    upload = desk.ask()["json"]["upload"]
    policy = json.loads(b64decode(upload["fields"]["policy"]))
    assert ["content-length-range", 1, 1024**3] in policy["conditions"]
    assert {"key": upload["fields"]["key"]} in policy["conditions"]
    assert upload["url"] == "https://files.s3.eu-west-1.amazonaws.com/"


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_sample_is_taken_whole(desk: Desk, kind: str) -> None:
    file_id = desk.sent(sample(kind), kind)
    assert desk.state(file_id)["state"] == "waiting"
    desk.work_off()
    told = desk.state(file_id)
    assert (told["state"], told["receipts"]) == ("done", {"taken": 3, "refused": 0})
    assert told["bytes"] == {"done": len(sample(kind)), "total": len(sample(kind))}
    assert (told["rows"], told["errors"], told["error_report"]) == (5 if kind == "csv" else 3, [], None)
    assert list(desk.queued().values()) == [1, 1, 1]
    assert desk.uploads() == []


def test_both_formats_and_the_api_give_the_same_receipts(desk: Desk) -> None:
    keys = []
    for kind in ("csv", "jsonl"):
        desk.sent(sample(kind), kind)
        desk.work_off()
        bodies = [json.loads(message.body)["receipt"] for message in desk.world.queues["match"]]
        keys.append({(body["key"], body["digest"], body["body_key"]) for body in bodies})
        desk.world.queues["match"].clear()
    for line in sample("jsonl").splitlines():
        desk.world.sells(json.loads(line))
    bodies = [json.loads(message.body)["receipt"] for message in desk.world.queues["match"]]
    assert keys[0] == keys[1] == {(body["key"], body["digest"], body["body_key"]) for body in bodies}


def test_a_receipt_of_a_file_is_matched_and_delivered(desk: Desk) -> None:
    desk.world.consent()
    desk.world.play("bank_webhook.authorised")
    desk.sent(sample("csv"))
    desk.world.run()
    (notice,) = desk.world.notices()
    assert notice["data"]["receipt"]["receipt_id"] == "soho-03-000123"


@pytest.mark.usefixtures("small_windows")
def test_wrong_rows_are_told_by_row_and_field_and_stop_nothing(desk: Desk) -> None:
    file_id = desk.sent(many(7, WRONG))
    desk.work_off()
    told = desk.state(file_id)
    assert (told["rows"], told["receipts"]) == (14, {"taken": 4, "refused": 3})
    assert [(error["row"], error["field"]) for error in told["errors"]] == ERRORS == desk.report(file_id)
    assert told["error_count"] == 3
    assert told["error_report"].startswith("https://files.s3.")
    assert len(desk.queued()) == 4


def test_the_first_hundred_errors_are_shown_and_the_report_has_all(desk: Desk) -> None:
    file_id = desk.sent(many(120, tuple(range(120))))
    desk.work_off()
    told = desk.state(file_id)
    assert (len(told["errors"]), told["error_count"], len(desk.report(file_id))) == (100, 120, 120)


@pytest.mark.usefixtures("small_windows")
def test_a_file_with_too_many_errors_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "MOST_ERRORS", 2)
    content = many(7, WRONG)
    file_id = desk.sent(content)
    desk.work_off()
    told = desk.state(file_id)
    assert (told["state"], told["rows"], told["receipts"]) == ("failed", 8, {"taken": 2, "refused": 2})
    assert told["bytes"] == {"done": content.index(b"r4,soho"), "total": len(content)}
    assert desk.report(file_id) == ERRORS[:2]
    assert desk.uploads() == []
    assert not desk.world.dead["files"]


def test_no_value_is_told_or_logged(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    row = many(1).splitlines()[1].decode()
    spoiled = [",".join([*cells[:at], "canary", *cells[at + 1 :]]) for cells in [row.split(",")] for at in range(11)]
    for content, kind in (
        ("\n".join([many(0).decode(), *spoiled, 'canary,"canary"canary', "canary"]), "csv"),
        ("\n".join(['{"canary": 1}', '{"receipt_id": "canary', '"canary"']), "jsonl"),
    ):
        file_id = desk.sent(content.encode(), kind)
        desk.work_off()
        assert desk.state(file_id)["receipts"]["refused"] > 2
        body = desk.s3("GetObject", Key=f"reports/{file_id}.jsonl")["Body"].read().decode()
        # The name of an unknown field is told, as over the API; never what is in it.
        everything = desk.shown(file_id)["body"] + body + capsys.readouterr().out
        assert everything.replace('"field": "canary"', "").replace('"field":"canary"', "").count("canary") == 0


@pytest.mark.parametrize(
    ("content", "errors"),
    [
        (b"receipt_id,shopper\na,b", [(1, "shopper")]),
        (b"\n\n", [(1, "")]),
        (b"\xff\xfe", [(1, "")]),
    ],
)
def test_a_file_of_which_nothing_can_be_read_has_failed(
    desk: Desk, content: bytes, errors: list[tuple[int, str]]
) -> None:
    file_id = desk.sent(content)
    desk.work_off()
    told = desk.state(file_id)
    assert (told["state"], told["receipts"]) == ("failed", {"taken": 0, "refused": 0})
    assert [(error["row"], error["field"]) for error in told["errors"]] == errors == desk.report(file_id)
    assert desk.uploads() == []


def test_what_is_uploaded_first_counts_and_nothing_is_left_of_either(desk: Desk) -> None:
    file_id = desk.sent(many(3))
    desk.world.pass_time(1)
    desk.upload(file_id, many(5))
    desk.work_off()
    assert desk.state(file_id)["receipts"]["taken"] == 3
    desk.upload(file_id, many(6))
    desk.work_off()
    assert desk.state(file_id)["receipts"]["taken"] == 3
    assert desk.uploads() == []


def test_of_two_versions_in_one_file_the_second_is_the_later(desk: Desk) -> None:
    first, *rest = sample("jsonl").splitlines()
    later = first.replace(b"Porridge", b"Porridge with honey")
    desk.sent(b"\n".join([first, *rest, later]), "jsonl")
    desk.work_off()
    revisions: dict[str, list[int]] = {}
    for message in desk.world.queues["match"]:
        body = json.loads(message.body)["receipt"]
        revisions.setdefault(body["key"], []).append(body["revision"][1])
    (twice,) = (taken_at for taken_at in revisions.values() if len(taken_at) == 2)
    assert twice[0] < twice[1]


def test_a_file_is_shown_to_its_retailer_alone_for_thirty_days(desk: Desk) -> None:
    file_id = desk.sent(many(1))
    desk.work_off()
    assert desk.shown(file_id)["statusCode"] == 200
    assert desk.shown(file_id, "fern")["statusCode"] == 401
    assert Desk(desk.world, "fern").shown(file_id)["statusCode"] == 404
    assert desk.world.request("GET", f"{FILES.format('kite')}/{file_id}")["statusCode"] == 401
    desk.world.pass_time(30 * 86_400 - 3600)
    assert desk.shown(file_id)["statusCode"] == 200
    desk.world.pass_time(7200)
    assert desk.shown(file_id)["statusCode"] == 404


def test_a_record_whose_time_is_over_is_gone_before_it_is_deleted(desk: Desk) -> None:
    """DynamoDB deletes late: the same id asked for a month later is a new file, and a late message finds none."""
    first = desk.ask(request_id="msg_again")["json"]["id"]
    desk.upload(first, many(1))
    desk.work_off()
    assert desk.state(first)["state"] == "done"
    desk.world.pass_time(KEPT.total_seconds() + 1)
    assert store.get(first, desk.world.now) is None
    assert desk.shown(first)["statusCode"] == 404
    again = desk.ask(request_id="msg_again")["json"]
    assert (again["id"], again["state"]) == (first, "waiting")
    desk.upload(first, many(2))
    desk.work_off()
    assert desk.state(first)["receipts"]["taken"] == 2


def test_a_message_about_a_file_whose_time_is_over_is_for_ops(desk: Desk) -> None:
    file_id = desk.ask()["json"]["id"]
    desk.world.pass_time(KEPT.total_seconds() + 1)
    desk.upload(file_id, many(1))
    desk.work_off()
    assert len(desk.world.dead["files"]) == 1


@pytest.mark.parametrize(
    "body", ["[]", "{}", '{"uploaded": 1}', '{"file": "x"}', '{"uploaded": "uploads/unknown"}', "x"]
)
def test_a_message_that_is_not_ours_goes_to_the_dead_letters(desk: Desk, body: str) -> None:
    desk.world.put("files", body)
    desk.work_off()
    assert [message.body for message in desk.world.dead["files"]] == [body]
