"""The worker at a file runs out of time, dies, or is two at once: every row counts once, and nothing is lost."""

from typing import Any

import pytest

from counterfoil.domain.receipt_files import ReceiptFile
from counterfoil.store import receipt_files as store
from functions import receipt_file_rows
from tests.account import stored
from tests.receipt_files.desk import ERRORS, WRONG, Desk, many
from tests.world import Death, World


@pytest.mark.usefixtures("small_windows")
def test_long_work_goes_on_by_messages_to_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORK_SECONDS", "10")
    file_id = desk.sent(many(7, WRONG))
    seen: list[int] = []

    def look() -> None:
        """Before and after each call."""
        desk.world.pass_time(1)
        (item,) = (item for item in stored("ledger") if item["pk"] == f"F#{file_id}")
        seen.append(item["counts"]["taken"])

    desk.world.gate = look
    desk.work_off()
    assert len(desk.world.lives) > 2
    assert sorted(seen) == seen
    told = desk.state(file_id)
    assert (told["rows"], told["receipts"]) == (14, {"taken": 4, "refused": 3})
    assert desk.report(file_id) == ERRORS
    assert list(desk.queued().values()) == [1, 1, 1, 1]


def test_one_upload_told_twice_is_worked_off_once(desk: Desk) -> None:
    file_id = str(desk.ask()["json"]["id"])
    desk.upload(file_id, many(3), told=3)
    desk.work_off()
    assert desk.state(file_id)["receipts"]["taken"] == 3
    assert list(desk.queued().values()) == [1, 1, 1]


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("call", range(0, 24, 2))
def test_two_at_one_file_count_nothing_twice(desk: Desk, call: int) -> None:
    """The same message was received by another, who gets it all done at some moment of the first."""
    file_id = desk.sent(many(7, WRONG))
    (message,) = desk.world.queues["files"]

    def meanwhile() -> None:
        if desk.world.passed > call:
            desk.world.gate = lambda: None
            desk.world.put("files", message.body)
            desk.world.work_on("files", desk.world.queues["files"][-1:])

    desk.world.gate = meanwhile
    desk.work_off()
    told = desk.state(file_id)
    assert (told["state"], told["rows"], told["receipts"]) == ("done", 14, {"taken": 4, "refused": 3})
    assert desk.report(file_id) == ERRORS
    assert len(desk.queued()) == 4
    assert desk.uploads() == []


@pytest.mark.usefixtures("small_windows")
def test_whoever_left_a_file_to_another_looks_again_whether_it_got_done(desk: Desk) -> None:
    """One message was received twice: the faster dies after a checkpoint, the slower ends, and the message is gone."""
    world, file_id = desk.world, desk.sent(many(7, WRONG))
    (message,) = world.queues["files"]

    def faster() -> None:
        if "s3.ListObjectVersions" not in world.calls:
            return
        checkpoints = len([call for call in world.calls if call == "dynamodb.PutItem"]) + 2

        def die() -> None:
            if len([call for call in world.calls if call == "dynamodb.PutItem"]) == checkpoints:
                raise Death

        world.gate = die
        with pytest.raises(Death):
            receipt_file_rows.handler({"Records": [world._record("files", message)]}, None)
        world.gate = lambda: None

    world.calls.clear()
    world.gate = faster
    world._work_off("files")
    assert desk.state(file_id)["state"] == "processing"
    assert message not in world.queues["files"]
    desk.work_off()
    assert desk.state(file_id)["receipts"] == {"taken": 4, "refused": 3}
    assert desk.report(file_id) == ERRORS


def test_a_checkpoint_is_nobodys_but_its_writers(desk: Desk) -> None:
    file = ReceiptFile("file_1", "kite", "csv", desk.world.now)
    store.create(file)
    begun = file.begun("version", 5, desk.world.now)
    assert store.save(begun, "me")
    assert store.save(begun, "me")  # as a client does whose answer was lost
    assert not store.save(begun, "another")


READS = {"dynamodb.GetItem", "s3.GetObject", "s3.ListObjectVersions", "secretsmanager.GetSecretValue"}


def outcome(desk: Desk, deaths: dict[int, str], content: bytes) -> tuple[Any, ...]:
    """What lasts of a new file whose worker dies so."""
    world = desk.world
    world.queues["match"].clear()
    world.lives, world.calls, world.passed, world.mortal = [], [], 0, 0
    world.deaths = {}
    file_id = desk.sent(content)
    world.calls.clear()
    world.deaths = deaths
    desk.work_off()
    world.deaths = {}
    state = desk.state(file_id)
    told = {name: state[name] for name in ("state", "rows", "receipts", "bytes", "errors", "error_count")}
    assert not world.dead["files"]
    return told, desk.report(file_id), set(desk.queued()), desk.uploads()


def writes(world: World, since: int = 0) -> list[int]:
    """The calls that change something: dying anywhere else is dying after the one before."""
    return [number for number in range(since, world.passed) if world.calls[number] not in READS]


@pytest.mark.usefixtures("small_windows")
def test_a_death_before_or_after_any_call_loses_and_doubles_nothing(desk: Desk) -> None:
    content = many(5, wrong=(1, 4))
    expected = outcome(desk, {}, content)
    assert expected[0]["receipts"] == {"taken": 3, "refused": 2}
    calls = desk.world.passed
    assert calls > 15
    for number in range(calls):
        for when in ("before", "after"):
            assert outcome(desk, {number: when}, content) == expected, (number, when)


@pytest.mark.usefixtures("small_windows")
def test_any_two_deaths_lose_and_double_nothing(desk: Desk) -> None:
    content = many(3, wrong=(1,))
    expected = outcome(desk, {}, content)
    for first in writes(desk.world):
        assert outcome(desk, {first: "after"}, content) == expected, first
        for second in writes(desk.world, first + 1):
            assert outcome(desk, {first: "after", second: "after"}, content) == expected, (first, second)
