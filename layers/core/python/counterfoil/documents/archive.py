"""The archive of a customer's data: `data.json`, a table a heading as CSV, and `summary.html` in plain words.

Each heading's records are kept in a file until the end, so that memory does not grow with what there is.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from html import escape
from tempfile import TemporaryFile
from typing import IO, Any, Final, Literal
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from counterfoil.documents.expenses_csv import text
from counterfoil.domain.controller import AUTHORITY, CONTROLLER
from counterfoil.domain.purposes import MEANINGS, PURPOSES
from counterfoil.domain.retention import retention_table

type Kind = Literal["access", "portability"]

_ABOUT: Final = {
    "access": ("Your data", "This is all that we hold of you, as you asked."),
    "portability": ("Your data, to take along", "This is what you gave us, yourself or through your bank."),
}

_SOURCES: Final = (
    "Your bank told us of your card payments and of your cards.",
    "Shops sent us receipts that do not say whose they are; we found yours by the payment.",
    "You told us what you allow.",
)
_RIGHTS: Final = (
    "You may ask us for a copy, to correct, to erase, to restrict, to pass on, and object; and you may withdraw what "
    "you allowed at any time, in your bank's app or with us.",
    f"Write to {CONTROLLER.email}, or complain to {CONTROLLER.complaints}.",
    f"You may also complain to the authority: {AUTHORITY}.",
)


class Archive:
    """A zip being written into a file. `add` what is told, in any order; `close` it once."""

    def __init__(self, file: IO[bytes], kind: Kind, now: datetime) -> None:
        self._file, self._kind, self._now = file, kind, now
        self._parts: dict[str, IO[bytes]] = {}
        self._counts: Counter[str] = Counter()
        self._open = ExitStack()

    def add(self, heading: str, told: Any) -> None:
        if heading not in self._parts:
            self._parts[heading] = self._open.enter_context(TemporaryFile())  # noqa: SIM115
        self._parts[heading].write(json.dumps(told, ensure_ascii=False).encode() + b"\n")
        self._counts[heading] += 1

    def close(self) -> None:
        with self._open, ZipFile(self._file, "w", ZIP_DEFLATED) as made:
            with made.open(self._entry("data.json"), "w") as into:
                self._write_json(into)
            for heading, part in self._parts.items():
                with made.open(self._entry(f"{heading.replace(' ', '-')}.csv"), "w") as into:
                    _write_csv(part, into)
            made.writestr(self._entry("summary.html"), summary(self._kind, self._counts, self._now))

    def _entry(self, name: str) -> ZipInfo:
        """Dated as the archive is, so that the same data is the same archive."""
        entry = ZipInfo(name, self._now.timetuple()[:6])
        entry.compress_type = ZIP_DEFLATED
        return entry

    def _write_json(self, into: IO[bytes]) -> None:
        into.write(b"{")
        for number, (heading, part) in enumerate(self._parts.items()):
            into.write((", " if number else "").encode() + json.dumps(heading).encode() + b": [\n")
            part.seek(0)
            for row, line in enumerate(part):
                into.write((b",\n" if row else b"") + line.rstrip(b"\n"))
            into.write(b"]")
        into.write(b"}\n")


def _write_csv(part: IO[bytes], into: IO[bytes]) -> None:
    """A row a record, a column a field, deeper ones by their way. Twice through: once for the columns."""
    part.seek(0)
    columns = list(dict.fromkeys(name for line in part for name in _flat(json.loads(line))))
    table = io.TextIOWrapper(into, "utf-8-sig", newline="")
    writer = csv.DictWriter(table, columns)
    writer.writeheader()
    part.seek(0)
    for line in part:
        writer.writerow({name: text(value) for name, value in _flat(json.loads(line)).items()})
    table.detach()


def _flat(value: Any, way: str = "") -> dict[str, str]:
    if isinstance(value, Mapping):
        return {
            name: part for key, one in value.items() for name, part in _flat(one, f"{way}.{key}".strip(".")).items()
        }
    if isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        return {name: part for place, one in enumerate(value) for name, part in _flat(one, f"{way}[{place}]").items()}
    if isinstance(value, list):
        return {way: " ".join(map(str, value))}
    return {way: "" if value is None else str(value)}


def summary(kind: Kind, counts: Mapping[str, int], now: datetime) -> str:
    """What is in the archive and what it is kept for, in plain words."""
    title, says = _ABOUT[kind]
    held = [f"{heading.capitalize()}: {number}" for heading, number in counts.items()] or ["Nothing."]
    purposes = [f"{MEANINGS[one].title}: {MEANINGS[one].means}" for one in PURPOSES]
    periods = [f"{line.said}: {line.kept}. Ground: {line.basis}." for line in retention_table(("customer",))]
    parts = (
        ("What is in this archive", held),
        ("What we do with it, each only if you allow it", purposes),
        ("Where it comes from", _SOURCES),
        ("Who gets it", ("Your bank gets your receipts. Nobody else gets anything that says who you are.",)),
        ("How long it is kept, and why", periods),
        ("Your rights", _RIGHTS),
    )
    body = "".join(_section(heading, points) for heading, points in parts)
    return (
        '<!doctype html><html lang="en-GB"><meta charset="utf-8">'
        f"<title>{escape(title)}</title><h1>{escape(title)}</h1>"
        f"<p>{escape(says)} Made {now:%d %B %Y, %H:%M} UTC by {escape(CONTROLLER.name)}, "
        f"{escape(CONTROLLER.address)}.</p>{body}</html>\n"
    )


def _section(heading: str, points: Any) -> str:
    return f"<h2>{escape(heading)}</h2><ul>" + "".join(f"<li>{escape(point)}</li>" for point in points) + "</ul>"
