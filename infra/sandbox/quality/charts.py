"""The charts of a campaign, drawn from its figures."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

mpl.use("Agg")

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from infra.sandbox.quality.report import Figures
from infra.sandbox.quality.runs import CODES, METHODS, NEAREST, OURS

FORMATS: Final = ("svg", "png")
COLOURS: Final = {OURS: "#0072b2", NEAREST: "#d55e00", CODES: "#8a8a8a"}
MARKS: Final = {OURS: "o", NEAREST: "s", CODES: "D"}
SCENARIO_COLOURS: Final = ("#0072b2", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#000000")
AIMS: Final = {"auth-codes": (20.0, 0.995), "no-codes": (75.0, 0.985), "chain-ids": (75.0, 0.93)}
"""The issue's aims: at most this many wrong a million, at least this recall."""
STYLE: Final[Any] = {
    "font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11,
    "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.grid": True, "grid.color": "#e4e4e4",
    "axes.axisbelow": True, "svg.hashsalt": "counterfoil", "legend.frameon": False,
}  # fmt: skip
LEAST_PPM: Final = 1.0


def draw(told: Figures, folder: Path) -> list[tuple[str, str]]:
    """Writes each chart as SVG and PNG to `folder`: (title, SVG's name) of each."""
    drawn = []
    with mpl.rc_context(STYLE):
        for name, title, chart in (
            ("match-quality", "Wrong receipts and recall by scenario, beside two naive methods", _quality),
            ("match-quality-calibration", "Of matches given a confidence, how many are right", _calibration),
            ("match-quality-time", "How soon a payment has its receipt once both are here", _time),
        ):
            figure = chart(told)
            for kind in FORMATS:
                metadata = {"Date": None} if kind == "svg" else None
                figure.savefig(folder / f"{name}.{kind}", dpi=110, bbox_inches="tight", metadata=metadata)
            drawn.append((title, f"{name}.svg"))
    return drawn


def _quality(told: Figures) -> Figure:
    figure = Figure(figsize=(11, 1.2 + 0.75 * len(told)))
    wrong, recall = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    for row, (scenario, figures_of) in enumerate(told.items()):
        for place, method in enumerate(METHODS):
            y = row + 0.22 * (place - 1)
            _ppm_mark(wrong, y, method, figures_of["methods"][method])
            share = figures_of["methods"][method]["recall"]
            recall.plot(share, y, MARKS[method], color=COLOURS[method], ms=8 if method == OURS else 6)
        if scenario in AIMS:
            for axes, aim in zip((wrong, recall), AIMS[scenario], strict=True):
                axes.plot([aim, aim], [row - 0.4, row + 0.4], color="#009e73", lw=2, solid_capstyle="butt")
    wrong.set_title("Wrong receipts per million matches (left is better)")
    wrong.set_xscale("log")
    wrong.set_xlim(LEAST_PPM, 1e6)
    wrong.xaxis.set_major_locator(FixedLocator([1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]))
    wrong.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    wrong.xaxis.set_minor_locator(NullLocator())
    wrong.set_yticks(range(len(told)), list(told))
    wrong.set_ylim(len(told) - 0.5, -0.5)
    recall.set_title("Recall (right is better)")
    recall.set_xlim(right=1.005)
    handles: list[Any] = [
        recall.plot([], [], MARKS[method], color=COLOURS[method], label=method)[0] for method in METHODS
    ]
    handles += recall.plot([], [], color="#009e73", lw=2, label="aim")
    figure.legend(handles=handles, loc="lower center", ncols=4, bbox_to_anchor=(0.5, -0.06))
    return figure


def _ppm_mark(axes: Axes, y: float, method: str, figures_of: Figures) -> None:
    """The share with its interval; none wrong is an open mark at the left edge."""
    share, low, high = figures_of["wrong_ppm"]
    colour, size = COLOURS[method], 8 if method == OURS else 6
    axes.plot([max(LEAST_PPM, low), high], [y, y], color=colour, lw=2, alpha=0.6)
    inside = colour if share else "white"
    axes.plot(max(LEAST_PPM, share), y, MARKS[method], color=colour, ms=size, clip_on=False, zorder=3, mfc=inside)
    axes.annotate(
        f"{share:,.0f}", (high, y), xytext=(5, 0), textcoords="offset points", va="center", fontsize=8, color=colour
    )


def _calibration(told: Figures) -> Figure:
    figure = Figure(figsize=(7, 5.5))
    axes = figure.subplots()
    least = 1e-5
    axes.plot([least, 0.1], [least, 0.1], color="#999999", lw=1, ls="--")
    axes.fill_between([least, 0.1], [least, 0.1], 1, color="#d55e00", alpha=0.07, lw=0)
    axes.text(0.45, 0.93, "more wrong than was said", transform=axes.transAxes, color="#d55e00", fontsize=9, ha="right")
    for (scenario, figures_of), colour in zip(told.items(), SCENARIO_COLOURS, strict=False):
        for number, each in enumerate(figures_of["calibration"]):
            x, wrong = 1 - each["said"], 1 - each["right"] / each["matches"]
            low, high = sorted(1 - share for share in each["right_between"])
            x *= 1.06 ** list(told).index(scenario)  # beside each other, not on top of each other
            axes.plot([x, x], [max(low, least), max(high, least)], color=colour, lw=1.5, alpha=0.6)
            axes.plot(x, max(wrong, least), "o", color=colour, mfc=colour if wrong else "white", ms=6,
                      label=None if number else scenario, clip_on=False)  # fmt: skip
    axes.set(xscale="log", yscale="log", xlim=(8e-5, 0.02), ylim=(least, 0.1))
    axes.set_xlabel("doubt: 1 - the confidence that was given, mean of each bin")
    axes.set_ylabel("wrong matches (open: none; bar: 95% interval)")
    axes.set_title("Calibration: at or below the dashed line is honest")
    _as_percent(axes.xaxis, axes.yaxis)
    axes.legend(loc="lower right", fontsize=9)
    return figure


def _as_percent(*sides: Any) -> None:
    for side in sides:
        side.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))


def _time(told: Figures) -> Figure:
    figure = Figure(figsize=(7.5, 4.5))
    axes = figure.subplots()
    lowest = 1.0
    for (scenario, figures_of), colour in zip(told.items(), SCENARIO_COLOURS, strict=False):
        seconds, shares = zip(*figures_of["methods"][OURS]["found_within"], strict=True)
        axes.plot(seconds, shares, "-", color=colour, lw=2, label=scenario)
        lowest = min(lowest, *shares)
    _name_waits(
        axes,
        ((0.1, "0.1 s"), (1, "1 s"), (15, "15 s"), (60, "1 min"), (600, "10 min"), (3600, "1 h"), (86_400, "1 day")),
    )
    axes.set_ylim(lowest - 0.02, 1.002)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))
    axes.set_xlabel("since both payment and receipt were here")
    axes.set_title("Payments with their receipt")
    axes.legend(loc="lower right", fontsize=9)
    return figure


def _name_waits(axes: Axes, names: Iterable[tuple[float, str]]) -> None:
    seconds, texts = zip(*names, strict=True)
    axes.set_xscale("log")
    axes.set_xlim(0.1, 2 * 86_400)
    axes.set_xticks(seconds, texts)
    axes.xaxis.set_minor_locator(NullLocator())
