"""The figures of a campaign: for JSON, from which the tables and charts are made."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from infra.sandbox.quality.runs import METHODS, OURS, Result
from infra.sandbox.quality.scoring import BINS, Score, interval, ppm, quantile, within

SHARES: Final = (0.5, 0.9, 0.99)
WAITS: Final = tuple(round(0.1 * 10 ** (step / 12), 1) for step in range(76))
"""From a tenth of a second to two days, in even steps of a logarithm."""
HEADINGS: Final = (
    "scenario", "method", "recall", "wrong ppm", "95% interval", "wrong", "matches", "missed", "+15 s: recall",
    "wrong ppm", "decided in", "90% in",
)  # fmt: skip
CALIBRATION: Final = ("scenario", "confidence from", "matches", "said", "right", "95% interval")

type Figures = dict[str, Any]


def figures(results: Mapping[str, Result]) -> Figures:
    """Every figure by scenario and method, ready for JSON."""
    return {
        scenario: {
            "lines": result.lines,
            "lines_a_second": round(result.lines / result.seconds) if result.seconds else None,
            "methods": {method: _of_method(result.scores[method]) for method in METHODS},
            "calibration": _calibration(result.scores[OURS]),
        }
        for scenario, result in results.items()
    }


def _of_method(score: Score) -> Figures:
    return {
        "payments": score.payments, "found": score.found, "missed": score.missed, "recall": round(score.recall, 5),
        "given": score.given, "wrong": score.wrong, "wrong_of_same_customer": score.own,
        "wrong_ppm": [round(each, 1) for each in ppm(score.wrong, score.given)],
        "prompt": {
            "arrived": score.arrived, "found": score.prompt_found, "recall": round(score.prompt_recall, 5),
            "given": score.prompt_given, "wrong": score.prompt_wrong,
            "wrong_ppm": [round(each, 1) for each in ppm(score.prompt_wrong, score.prompt_given)],
        },
        "seconds_to_decision": {f"{share:g}": quantile(score.waits, share) for share in SHARES},
        "seconds_since_payment": {f"{share:g}": quantile(score.delays, share) for share in SHARES},
        "found_within": [[wait, round(within(score.waits, wait) / max(1, score.payments), 5)] for wait in WAITS],
    }  # fmt: skip


def _calibration(score: Score) -> list[Figures]:
    return [
        {
            "from": start,
            "matches": given,
            "right": score.bins_right[start],
            "said": round(score.said(start), 6),
            "right_between": [round(each, 6) for each in interval(score.bins_right[start], given)],
        }
        for start in BINS
        if (given := score.bins[start])
    ]


def rows(told: Figures) -> Iterable[tuple[str, ...]]:
    """One row a scenario and method, under HEADINGS."""
    for scenario, figures_of in told.items():
        for method, each in figures_of["methods"].items():
            yield scenario, method, *_cells(each), *(_time_cells(each) if method == OURS else ("", "", "", ""))


def _cells(each: Figures) -> tuple[str, ...]:
    share, low, high = each["wrong_ppm"]
    own = each["wrong_of_same_customer"]
    wrong = f"{each['wrong']:,} ({own:,} own)" if own else f"{each['wrong']:,}"
    counts = (f"{each[name]:,}" for name in ("given", "missed"))
    return f"{each['recall']:.4f}", f"{share:,.0f}", f"{low:,.0f} to {high:,.0f}", wrong, *counts


def _time_cells(each: Figures) -> tuple[str, ...]:
    # The others decide with all that comes later in hand.
    prompt, waits = each["prompt"], each["seconds_to_decision"]
    return f"{prompt['recall']:.4f}", f"{prompt['wrong_ppm'][0]:,.0f}", f"{waits['0.5']:.1f} s", f"{waits['0.9']:.1f} s"


def calibration_rows(told: Figures) -> Iterable[tuple[str, ...]]:
    for scenario, figures_of in told.items():
        for each in figures_of["calibration"]:
            low, high = each["right_between"]
            yield (
                scenario, f"{each['from']:g}", f"{each['matches']:,}", f"{each['said']:.4f}",
                f"{each['right'] / each['matches']:.4f}", f"{low:.4f} to {high:.4f}",
            )  # fmt: skip


def show(told: Figures, console: Console) -> None:
    table = _table("Match quality", HEADINGS)
    last = ""
    for row in rows(told):
        if last not in ("", row[0]):
            table.add_section()
        last = row[0]
        table.add_row(*row, style=None if row[1] == OURS else "dim")
    console.print(table)
    bins = _table("Calibration: of matches given, how many are right", CALIBRATION)
    for row in calibration_rows(told):
        bins.add_row(*row)
    console.print(bins)


def _table(title: str, headings: tuple[str, ...]) -> Table:
    table = Table(*headings, title=title, title_justify="left")
    for place, column in enumerate(table.columns):
        column.no_wrap = True
        if place > 1:
            column.justify = "right"
    return table


def markdown(told: Figures, how: str, charts: Iterable[tuple[str, str]]) -> str:
    """A page of Markdown. `how`: how the figures were taken; `charts`: (title, file) of each."""
    parts = [
        "# Match quality: the figures",
        f"Made by a run; [match-quality.md](match-quality.md) says what is measured. {how}",
        *(f"![{title}]({file})" for title, file in charts),
        "\n".join(_markdown_rows(HEADINGS, rows(told), left=2)),
        "## Calibration",
        "\n".join(_markdown_rows(CALIBRATION, calibration_rows(told), left=1)),
    ]
    return "\n\n".join(parts) + "\n"


def _markdown_rows(headings: tuple[str, ...], cells: Iterable[tuple[str, ...]], left: int) -> Iterable[str]:
    marks = ["---" if place < left else "---:" for place in range(len(headings))]
    for row in (headings, marks, *cells):
        yield f"| {' | '.join(row)} |"
