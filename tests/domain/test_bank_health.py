"""When a bank is paused, probed and resumed."""

from datetime import UTC, datetime, timedelta

import pytest

from counterfoil.domain.bank_health import (
    FAILING_FOR,
    FEWEST_FAILURES,
    NOTED_EVERY,
    PROBE_WAITS,
    TOGETHER,
    Decision,
    Health,
    Streak,
    decide,
    failed,
    paused,
    probe_failed,
    recovered,
    resumed,
)

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def after_failures(*seconds: float, status: int | None = 500, each: int = 1) -> Health:
    health = Health()
    for later in seconds:
        health = failed(health, each, status, None, NOW + later * SECOND)
    return health


def decided(health: Health, seconds: float, *, gone: bool = False) -> Decision:
    return decide(health, gone, NOW + seconds * SECOND)


@pytest.mark.parametrize(
    ("health", "seconds", "decision"),
    [
        (Health(), 0, Decision.KEEP),
        (after_failures(0), 3600, Decision.KEEP),
        (after_failures(0, 20, 40, 59), 59, Decision.KEEP),
        (after_failures(0, 20, 40, 60), 60, Decision.PAUSE),
        (after_failures(0, 60), 60, Decision.KEEP),
        (after_failures(0, 60, each=2), 60, Decision.PAUSE),
        (after_failures(0, 5, 305), 305, Decision.PAUSE),
        (after_failures(0, 1, 2, 3, 4, 5, each=100), 5, Decision.KEEP),
        (after_failures(0, 30, 60), 60 + 900, Decision.KEEP),
        (after_failures(0, 30, 60, 60 + 901, 60 + 902), 60 + 902, Decision.KEEP),
    ],
)
def test_a_bank_is_paused_after_a_minute_of_failures_and_nothing_else(
    health: Health, seconds: float, decision: Decision
) -> None:
    assert decided(health, seconds) is decision


def test_what_a_bank_took_meanwhile_ends_the_stretch() -> None:
    failing = after_failures(0, 20, 40)
    took = failed(failing, 1, 500, NOW + 50 * SECOND, NOW + 61 * SECOND)
    assert (took.failing_since, took.failures) == (NOW + 61 * SECOND, 1)
    assert decided(took, 61) is Decision.KEEP
    before = failed(failing, 1, 500, NOW - SECOND, NOW + 61 * SECOND)
    assert decided(before, 61) is Decision.PAUSE
    assert decided(recovered(before, 200), 61) is Decision.KEEP


def test_a_paused_bank_is_probed_at_once_and_then_ever_more_rarely() -> None:
    health = paused(after_failures(0, 30, 60), "failing", NOW)
    assert decided(health, 0) is Decision.PROBE
    at, waits = NOW, []
    for _ in range(8):
        health = probe_failed(health, None, at)
        assert health.next_probe_at is not None
        waits.append(health.next_probe_at - at)
        assert decide(health, False, health.next_probe_at - SECOND) is Decision.KEEP
        at = health.next_probe_at
        assert decide(health, False, at) is Decision.PROBE
    assert waits == [*PROBE_WAITS, *[PROBE_WAITS[-1]] * 3]
    assert max(waits) <= timedelta(minutes=10)
    assert (resumed(health, 204).state, resumed(health, 204).last_status) == ("well", 204)


def test_a_bank_that_is_gone_is_paused_unprobed_until_it_is_registered_again() -> None:
    assert decided(Health(), 0, gone=True) is Decision.PAUSE
    health = paused(Health(), "gone", NOW)
    assert decided(health, 86_400, gone=True) is Decision.KEEP
    assert decided(health, 86_400) is Decision.RESUME
    failing = paused(after_failures(0, 30, 60), "failing", NOW)
    assert decided(failing, 600, gone=True) is Decision.KEEP


def test_what_ops_pause_stays_paused() -> None:
    health = paused(Health(), "by hand", NOW)
    for gone in (True, False):
        assert decided(health, 86_400, gone=gone) is Decision.KEEP


def test_every_change_is_told_by_its_rev() -> None:
    health, changed = Health(), []
    for change in (
        lambda one: failed(one, 1, 500, None, NOW),
        lambda one: recovered(one, 200),
        lambda one: paused(one, "failing", NOW),
        lambda one: probe_failed(one, 500, NOW),
        lambda one: resumed(one, 200),
    ):
        health = change(health)
        changed.append(health.rev)
    assert changed == [1, 2, 3, 4, 5]


def test_a_process_notes_failures_rarely_and_nothing_of_a_bank_that_is_well() -> None:
    streak = Streak()
    assert not any(streak.took(NOW + number * SECOND) for number in range(100))
    noted = [streak.failed(NOW + timedelta(milliseconds=100 * number)) for number in range(200)]
    assert [count for count in noted if count] == [1, 50, 50, 50]
    assert len(noted) / 10 / NOTED_EVERY.total_seconds() == 4
    assert streak.took(NOW + 30 * SECOND)
    assert not streak.took(NOW + 31 * SECOND)
    assert streak.failed(NOW + 32 * SECOND) == 1


def test_the_stretch_is_longer_than_the_way_to_its_third_failure() -> None:
    """A single receipt's tries, at 0 s, 5 s and 5 min by plan, are enough to tell that a bank is down."""
    assert FEWEST_FAILURES == 3
    assert timedelta(seconds=5 + 300) < TOGETHER
    assert FAILING_FOR > NOTED_EVERY * 3
