"""The charts of a campaign, drawn from its figures."""

from collections.abc import Iterable
from math import ceil
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

mpl.use("Agg")

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from infra.sandbox.quality.report import Figures
from infra.sandbox.quality.runs import CODES, METHODS, NEAREST, OURS

COLOURS: Final = {OURS: "#0072b2", NEAREST: "#d55e00", CODES: "#8a8a8a"}
MARKS: Final = {OURS: "o", NEAREST: "s", CODES: "D"}
SCENARIO_COLOURS: Final = ("#0072b2", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#000000")
AIMS: Final = {"auth-codes": (20.0, 0.995), "no-codes": (75.0, 0.985), "chain-ids": (75.0, 0.93)}
"""What is aimed at: at most this many wrong a million, at least this recall."""
STYLE: Final[Any] = {
    "font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11,
    "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.grid": True, "grid.color": "#e4e4e4",
    "axes.axisbelow": True, "svg.hashsalt": "counterfoil", "legend.frameon": False,
}  # fmt: skip
LEAST_PPM: Final = 1.0
LEAST_DOUBT: Final = 1e-5
FEW_MATCHES: Final = 100
WAIT_NAMES: Final = (
    (0.1, "0.1 s"), (1, "1 s"), (15, "15 s"), (60, "1 min"), (600, "10 min"), (3600, "1 h"), (86_400, "1 day"),
)  # fmt: skip


def draw(told: Figures, folder: Path, formats: Iterable[str]) -> list[tuple[str, str]]:
    """Writes each chart to `folder` in those formats: (title, SVG's name) of each."""
    drawn = []
    with mpl.rc_context(STYLE):
        for name, title, chart in (
            ("match-quality", "Wrong receipts and recall by scenario, beside two naive methods", _quality),
            ("match-quality-calibration", "Of matches given a confidence, how many are right", _calibration),
            ("match-quality-time", "How soon a payment has its receipt once both are here", _time),
        ):
            figure = chart(told)
            for kind in formats:
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
            recall.plot(share, y, MARKS[method], color=COLOURS[method], ms=8 if method == OURS else 6,
                        clip_on=False, zorder=3)  # fmt: skip
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
    recall.set_xlim(right=1)
    handles: list[Any] = [
        recall.plot([], [], MARKS[method], color=COLOURS[method], label=method)[0] for method in METHODS
    ]
    handles += recall.plot([], [], color="#009e73", lw=2, label="aim")
    figure.legend(handles=handles, loc="lower center", ncols=4, bbox_to_anchor=(0.5, -0.03))
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
    """A panel a scenario; bins of few matches say nothing and are left out."""
    columns = min(3, len(told))
    figure = Figure(figsize=(3.6 * columns, 3.1 * ceil(len(told) / columns)), layout="constrained")
    panels = list(figure.subplots(ceil(len(told) / columns), columns, sharex=True, sharey=True, squeeze=False).flat)
    for axes, (scenario, figures_of) in zip(panels, told.items(), strict=False):
        _calibration_panel(axes, scenario, figures_of["calibration"])
    for axes in panels[len(told) :]:
        axes.set_visible(False)
    figure.supxlabel("doubt: 1 - the confidence that was given, mean of each bin", fontsize=10)
    figure.supylabel("wrong (open: none; bar: 95% interval)", fontsize=10)
    return figure


def _calibration_panel(axes: Axes, scenario: str, bins: list[Figures]) -> None:
    axes.plot([LEAST_DOUBT, 1], [LEAST_DOUBT, 1], color="#999999", lw=1, ls="--")
    axes.fill_between([LEAST_DOUBT, 1], [LEAST_DOUBT, 1], 1, color=COLOURS[NEAREST], alpha=0.08, lw=0)
    axes.text(0.04, 0.92, "more wrong than was said", transform=axes.transAxes, color=COLOURS[NEAREST], fontsize=8)
    for each in bins:
        if each["matches"] < FEW_MATCHES:
            continue
        doubt, wrong = 1 - each["said"], 1 - each["right"] / each["matches"]
        low, high = sorted(max(LEAST_DOUBT, 1 - share) for share in each["right_between"])
        axes.plot([doubt, doubt], [low, high], color=COLOURS[OURS], lw=2, alpha=0.6)
        inside = COLOURS[OURS] if wrong else "white"
        axes.plot(doubt, max(wrong, LEAST_DOUBT), "o", color=COLOURS[OURS], mfc=inside, ms=7, clip_on=False, zorder=3)
    axes.set(xscale="log", yscale="log", xlim=(7e-5, 0.015), ylim=(LEAST_DOUBT, 0.1), title=scenario)
    for side in (axes.xaxis, axes.yaxis):
        side.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))


def _time(told: Figures) -> Figure:
    figure = Figure(figsize=(7.5, 4.5))
    axes = figure.subplots()
    for (scenario, figures_of), colour in zip(told.items(), SCENARIO_COLOURS, strict=False):
        seconds, shares = zip(*figures_of["methods"][OURS]["found_within"], strict=True)
        axes.step(seconds, shares, where="post", color=colour, lw=2, label=scenario)
    axes.axvline(15, color="#999999", lw=1, ls="--")
    _name_waits(axes, WAIT_NAMES)
    axes.set_ylim(top=1.003)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))
    axes.set_xlabel("since both payment and receipt were here")
    axes.set_title("Payments that have their receipt")
    axes.legend(loc="lower right", fontsize=9)
    return figure


def _name_waits(axes: Axes, names: Iterable[tuple[float, str]]) -> None:
    seconds, texts = zip(*names, strict=True)
    axes.set_xscale("log")
    axes.set_xlim(0.1, 2 * 86_400)
    axes.set_xticks(seconds, texts)
    axes.xaxis.set_minor_locator(NullLocator())
