"""The figures of a campaign: as a table for the terminal, as Markdown, as JSON."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.sandbox.quality.runs import METHODS, OURS, Result
from infra.sandbox.quality.scoring import BINS, Score, ppm, quantile

HEADINGS = (
    "scenario", "method", "recall", "wrong ppm", "95% interval", "wrong", "matches", "missed",
    "at +15 s: recall", "wrong ppm", "to decide: median", "90%",
)  # fmt: skip


def rows(results: Mapping[str, Result]) -> Iterable[tuple[str, ...]]:
    """One row a scenario and method, under HEADINGS."""
    for scenario, result in results.items():
        for method in METHODS:
            yield scenario, method, *_cells(result.scores[method], is_ours=method == OURS)


def _cells(score: Score, *, is_ours: bool) -> tuple[str, ...]:
    share, low, high = ppm(score.wrong, score.given)
    plain = (
        f"{score.recall:.4f}", f"{share:,.0f}", f"{low:,.0f} to {high:,.0f}", f"{score.wrong:,}", f"{score.given:,}",
        f"{score.missed:,}",
    )  # fmt: skip
    if not is_ours:  # decides with all that comes later in hand
        return *plain, "", "", "", ""
    prompt, _, _ = ppm(score.prompt_wrong, score.prompt_given)
    waits = (f"{quantile(score.waits, share):.1f} s" for share in (0.5, 0.9))
    return *plain, f"{score.prompt_recall:.4f}", f"{prompt:,.0f}", *waits


def show(results: Mapping[str, Result], console: Console) -> None:
    table = Table(*HEADINGS, title="Match quality", title_justify="left")
    for column in table.columns[2:]:
        column.justify = "right"
    for row in rows(results):
        table.add_row(*row, end_section=row[1] == METHODS[-1], style=None if row[1] == OURS else "dim")
    console.print(table)
    bins = Table("scenario", "confidence from", "matches", "said", "right", title="Calibration", title_justify="left")
    for each in calibration_rows(results):
        bins.add_row(*each)
    console.print(bins)


def calibration_rows(results: Mapping[str, Result]) -> Iterable[tuple[str, ...]]:
    for scenario, result in results.items():
        score = result.scores[OURS]
        for start in BINS:
            if given := score.bins[start]:
                said, right = score.said(start), score.bins_right[start] / given
                yield scenario, f"{start:g}", f"{given:,}", f"{said:.4f}", f"{right:.4f}"


def as_json(results: Mapping[str, Result]) -> dict[str, Any]:
    """Every figure, ready for JSON."""
    return {
        scenario: {
            "lines_a_second": round(result.lines / result.seconds) if result.seconds else None,
            **{method: _figures(result.scores[method]) for method in METHODS},
        }
        for scenario, result in results.items()
    }


def _figures(score: Score) -> dict[str, Any]:
    share, low, high = ppm(score.wrong, score.given)
    prompt, prompt_low, prompt_high = ppm(score.prompt_wrong, score.prompt_given)
    return {
        "payments": score.payments, "found": score.found, "missed": score.missed, "recall": round(score.recall, 5),
        "given": score.given, "wrong": score.wrong, "wrong_of_same_customer": score.own,
        "wrong_ppm": [round(each, 1) for each in (share, low, high)],
        "prompt": {
            "arrived": score.arrived, "found": score.prompt_found, "recall": round(score.prompt_recall, 5),
            "wrong": score.prompt_wrong, "wrong_ppm": [round(each, 1) for each in (prompt, prompt_low, prompt_high)],
        },
        "seconds_to_decision": {f"{share:g}": quantile(score.waits, share) for share in (0.5, 0.9, 0.99)},
        "seconds_since_payment": {f"{share:g}": quantile(score.delays, share) for share in (0.5, 0.9, 0.99)},
        "calibration": [
            {"from": start, "matches": score.bins[start], "right": score.bins_right[start],
             "said": round(score.said(start), 6)}
            for start in BINS if score.bins[start]
        ],
    }  # fmt: skip
