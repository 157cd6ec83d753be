"""The keys of holds, and of what the sweep remembers: a part of `keys`, which lists them."""

from datetime import date
from typing import Final

from counterfoil.store.keys import Key

HOLDS: Final = "holds"
"""Under this the due index lists every hold."""


def hold(target: str) -> Key:
    """Of a subject; a class has `class/` before its name."""
    return {"pk": f"O#{target}", "sk": "O"}


def sweep_run() -> Key:
    return {"pk": "S#sweep", "sk": "R"}


def swept(record_type: str) -> Key:
    return {"pk": "S#sweep", "sk": f"C#{record_type}"}


def left(record_type: str, day: date, shard: int) -> Key:
    return {"pk": "S#sweep", "sk": f"L#{record_type}#{day:%Y-%m-%d}#{shard:02d}"}


def all_left(record_type: str) -> tuple[str, tuple[str, str]]:
    return "S#sweep", (f"L#{record_type}#", f"L#{record_type}#~")


def left_at(sort_key: str) -> tuple[date, int]:
    """The day and the shard of a place that was left."""
    _, day, shard = sort_key.rsplit("#", 2)
    return date.fromisoformat(day), int(shard)


def certificate(run: str) -> Key:
    return {"pk": "S#certificates", "sk": run}


def certificates() -> tuple[str, tuple[str, str]]:
    return "S#certificates", ("0", "~")
