"""The privacy notices, for machines and for people."""

from html import unescape

import pytest

from counterfoil.domain.controller import CONTROLLER
from counterfoil.domain.notice_text import sections_of
from counterfoil.domain.notices import NOTICES
from counterfoil.domain.purposes import MEANINGS, PURPOSES
from counterfoil.domain.retention import retention_table
from tests.world import World


def test_the_current_notice_is_listed_and_is_the_one_that_the_page_shows(counterfoil: World) -> None:
    told = counterfoil.request("GET", "/v1/notices")["json"]
    assert told["current"] == NOTICES[-1].version == told["notices"][-1]["version"]
    assert [one["version"] for one in told["notices"]] == [notice.version for notice in NOTICES]


def test_a_notice_says_what_is_done_how_long_and_where_to_complain(counterfoil: World) -> None:
    text = counterfoil.request("GET", "/v1/notices/2026-11")["json"]["texts"]["en-GB"]
    assert text.startswith("# Privacy notice 2026-11\n")
    for purpose in PURPOSES:
        assert MEANINGS[purpose].means in text
        assert MEANINGS[purpose].done in text
    lines = retention_table()
    assert len(lines) > 10
    for line in lines:
        assert f"| {line.said} | {line.kept} | {line.basis} |" in text
    for part in (CONTROLLER.email, CONTROLLER.complaints, "Information Commissioner"):
        assert part in text


def test_a_person_reads_the_same_as_a_page(counterfoil: World) -> None:
    answer = counterfoil.request("GET", "/v1/notices/2026-11", headers={"accept": "text/html,application/xhtml+xml"})
    assert answer["headers"]["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer["headers"]["content-security-policy"]
    page = unescape(answer["body"])
    for section in sections_of(NOTICES[0]):
        for text in (
            section.heading,
            *section.paragraphs,
            *section.points,
            *(cell for row in section.rows for cell in row),
        ):
            assert text in page


@pytest.mark.parametrize("version", ["2026-10", "..", "2026-11.md"])
def test_an_unknown_notice_is_unknown(counterfoil: World, version: str) -> None:
    assert counterfoil.request("GET", f"/v1/notices/{version}")["statusCode"] == 404


def test_no_cell_breaks_the_table() -> None:
    assert not [line for line in retention_table() if "|" in f"{line.said}{line.kept}{line.basis}"]
