"""Which kinds of sale the wrong and the missing are: what to look at when matching is to become better."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from rich.console import Console
from rich.table import Table

from infra.sandbox.quality.scoring import PROMPT, is_right
from infra.sandbox.quality.truth import Fact, Payment, Said

MOST_EXAMPLES = 40


@dataclass(slots=True)
class Misses:
    """Counts by tag, and by all tags of a payment together; they add up over runs.

    `payments`: those whose receipt was sent; `missed`: of these without one at the end; `late`: arrived by +15 s and
    not matched by then; `wrong`: matches given to any payment. `why`: what was said of the missed ones.
    """

    payments: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    late: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed_together: Counter[str] = field(default_factory=Counter)
    wrong_together: Counter[str] = field(default_factory=Counter)
    why: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def __add__(self, other: "Misses") -> "Misses":
        return Misses(*[getattr(self, each.name) + getattr(other, each.name) for each in fields(self)])


def count(facts: Mapping[Payment, Fact], said: Iterable[Said], left_over: Mapping[Payment, tuple[str, ...]]) -> Misses:
    """Counts what was said of the payments in `facts`, and why nothing was said."""
    result, standing = Misses(), dict[Payment, Said]()
    for match in said:
        fact = facts[match.payment]
        if match.withdrawn:
            standing.pop(match.payment, None)
            continue
        standing[match.payment] = match
        if not is_right(fact, match):
            result.wrong.update(_tags(fact))
            result.wrong_together[" ".join(_tags(fact))] += 1
            result.examples.append(_told(fact, match))
    for payment, fact in facts.items():
        if fact.void or fact.receipt is None:
            continue
        tags = _tags(fact)
        result.payments.update(tags)
        last = standing.get(payment)
        if last is None:
            result.missed.update(tags)
            result.missed_together[" ".join(tags)] += 1
            result.why[": ".join(left_over.get(payment, ("matched, then withdrawn",)))] += 1
        if fact.receipt <= fact.told + PROMPT and (last is None or last.at > fact.told + PROMPT):
            result.late.update(tags)
    return result


def _told(fact: Fact, match: Said) -> str:
    """A wrong match in a line."""
    got, own = "/".join(match.receipt), " ".join(sorted(fact.receipt_ids)) or "none"
    reasons = "; ".join(match.reasons)
    return f"{match.payment[1]} got {got} at {match.confidence}, its own is {own}: {' '.join(_tags(fact))}. {reasons}"


def _tags(fact: Fact) -> list[str]:
    return ["(all)", fact.shop, *sorted(set(fact.tags))]


def show(title: str, misses: Misses, console: Console) -> None:
    """By tag, the most missed first; the commonest tags together; the reasons."""
    table = Table(
        "tag", "payments", "missed", "of its payments", "late at +15 s", "wrong", title=title, title_justify="left"
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for tag, payments in sorted(misses.payments.items(), key=lambda each: -misses.missed[each[0]]):
        share = f"{misses.missed[tag] / payments:.2%}"
        counts = (misses.missed[tag], share, misses.late[tag], misses.wrong[tag])
        table.add_row(tag, f"{payments:,}", *[each if isinstance(each, str) else f"{each:,}" for each in counts])
    console.print(table)
    for what, together in (("Missed", misses.missed_together), ("Wrong", misses.wrong_together), ("Said", misses.why)):
        console.print(f"{what}:" if together else f"{what}: none", style="bold")
        for tags, times in together.most_common(25):
            console.print(f"  {times:>6,}  {tags.removeprefix('(all) ')}", highlight=False, soft_wrap=True)
    for example in misses.examples[:MOST_EXAMPLES]:
        console.print(f"  {example}", highlight=False, soft_wrap=True, style="dim")
