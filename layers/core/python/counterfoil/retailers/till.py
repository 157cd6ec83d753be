"""Receipts as tills send them directly: one, or a batch as `{"receipts": [...]}` (contracts, section 3)."""

from dataclasses import dataclass

from counterfoil.domain import receipts
from counterfoil.domain.receipts import Receipt
from counterfoil.errors import Invalid, Problem

MOST_RECEIPTS = 100


@dataclass(frozen=True, slots=True)
class Batch:
    """What a body held, by place in it: the receipts that can be taken, and the problems of the others.

    `single`: the body was a receipt itself, at place 0, not a list of them.
    """

    single: bool
    receipts: dict[int, Receipt]
    refused: dict[int, tuple[Problem, ...]]


def parse_receipts(value: object) -> Batch:
    """The receipts in a decoded body. Raises Invalid where the batch itself is wrong, not a receipt in it."""
    if isinstance(value, dict) and "receipts" in value:
        return _batch(_listed(value), single=False)
    return _batch([value], single=True)


def _listed(body: dict[str, object]) -> list[object]:
    if len(body) > 1:
        raise Invalid([Problem("", "must hold either one receipt or only `receipts`")])
    listed = body["receipts"]
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_RECEIPTS:
        raise Invalid([Problem("receipts", f"must be a list of 1 to {MOST_RECEIPTS} receipts")])
    return listed


def _batch(values: list[object], single: bool) -> Batch:
    taken: dict[int, Receipt] = {}
    refused: dict[int, tuple[Problem, ...]] = {}
    for index, value in enumerate(values):
        try:
            taken[index] = receipts.parse(value)
        except Invalid as error:
            refused[index] = error.problems
    return Batch(single, taken, refused)
