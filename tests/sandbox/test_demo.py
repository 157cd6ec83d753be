"""What `make run` plays, against the deployed engine."""

from infra.sandbox import scenes
from tests.sandbox.live import Live


def test_every_scene_goes_as_expected(live: Live) -> None:
    assert scenes.play(live.stage) == []


def test_a_scene_that_goes_wrong_is_told(live: Live) -> None:
    live.stage.compare("the answer", 401, 202)

    assert live.stage.failures[-1] == "the answer: 401, not 202"
