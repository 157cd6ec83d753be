"""What the privacy notice says, section by section, in plain words. What it says of periods is the data map's."""

from dataclasses import dataclass
from typing import Any

from counterfoil.domain import notices
from counterfoil.domain.consent import WITHDRAWAL_TAKES_EFFECT
from counterfoil.domain.controller import AUTHORITY, CONTROLLER
from counterfoil.domain.notices import Notice
from counterfoil.domain.purposes import MEANINGS, PURPOSES
from counterfoil.domain.retention import retention_table
from counterfoil.domain.times import rfc3339

LANGUAGE = "en-GB"
_SECONDS = int(WITHDRAWAL_TAKES_EFFECT.total_seconds())


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, and below it paragraphs, points, and rows of a table with its headings."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def title_of(notice: Notice) -> str:
    return f"Privacy notice {notice.version}"


def sections_of(notice: Notice) -> tuple[Section, ...]:
    return (
        _news(notice),
        Section(
            "Who we are",
            (
                f"{CONTROLLER.name} is the controller of the data in this notice. {CONTROLLER.contact}: "
                f"{CONTROLLER.email}, {CONTROLLER.phone}; {CONTROLLER.address}.",
            ),
        ),
        Section(
            "What we do, each only if you allow it",
            ("Everything is off until you switch it on. Each is switched on and off by itself.",),
            tuple(f"{MEANINGS[one].title}: {MEANINGS[one].means} {MEANINGS[one].done}" for one in PURPOSES),
        ),
        Section(
            "How to switch it off",
            (
                "In your bank's app, on your page with us, or by asking your bank or us: all with the same result.",
                f"It counts at once, and after {_SECONDS} seconds nothing of it is under way any more. Switching "
                "receipts off switches off what rests on them. It has no effect on what was right before.",
            ),
        ),
        Section(
            "Where your data comes from and who gets it",
            (),
            (
                "Your bank tells us of your card payments; shops send us receipts that do not say whose they are.",
                "Your receipts go to your bank, and to nobody else. No shop learns who you are.",
                "Our processors keep the data for us, encrypted, in Ireland.",
                "Regulators, authorities and courts get what the law makes us give them, and each time is recorded.",
            ),
        ),
        Section(
            "How long it is kept",
            ("These are the periods that apply today. What is over is deleted within two days.",),
            columns=("What", "How long", "Why it may be kept"),
            rows=tuple((line.said, line.kept, line.basis) for line in retention_table()),
        ),
        Section(
            "Your rights",
            ("Ask your bank, use your page with us, or write to us. We answer within a month, free of charge.",),
            (
                "See your data, and get a copy of it.",
                "Have it corrected, erased, or stored and not used.",
                "Take along what you gave us, in a form that machines read.",
                "Object to what rests on our legitimate interests.",
                "Take back your consent at any time.",
            ),
        ),
        Section(
            "If you are not satisfied",
            (
                f"Complain to us: {CONTROLLER.complaints}, or by post to the address above.",
                f"Or complain to the authority: {AUTHORITY}.",
            ),
        ),
    )


def _news(notice: Notice) -> Section:
    """What changed since the version before, and what is asked again."""
    if not notice.news:
        return Section("What is new", ("This is the first version.",))
    asked = tuple(
        f"{MEANINGS[purpose].title}: the meaning changed. If you switched it on before, we ask you again; without your "
        f"answer it ends on {from_when:%-d %B %Y}."
        for purpose, from_when in notice.new_meaning.items()
    )
    return Section("What is new", (f"Since version {_before(notice)}:",), (*notice.news, *asked))


def _before(notice: Notice) -> str:
    return notices.NOTICES[notices.NOTICES.index(notice) - 1].version


def markdown(notice: Notice) -> str:
    return "\n\n".join([f"# {title_of(notice)}", *map(_in_markdown, sections_of(notice))]) + "\n"


def _in_markdown(section: Section) -> str:
    parts = [f"## {section.heading}", *section.paragraphs]
    if section.points:
        parts.append("\n".join(f"- {point}" for point in section.points))
    if section.rows:
        lines = (section.columns, ("---",) * len(section.columns), *section.rows)
        parts.append("\n".join(f"| {' | '.join(line)} |" for line in lines))
    return "\n\n".join(parts)


def told(notice: Notice) -> dict[str, Any]:
    """As the API tells it. `new_meaning`: from when the new meaning of a purpose applies."""
    return listed(notice) | {
        "texts": {LANGUAGE: markdown(notice)},
        "purposes": {
            purpose: {"title": meaning.title, "means": meaning.means, "done": meaning.done, "data": list(meaning.data)}
            for purpose, meaning in MEANINGS.items()
        },
        "retention": [{"what": line.said, "kept": line.kept, "basis": line.basis} for line in retention_table()],
        "contact": CONTROLLER.email,
        "complaints": CONTROLLER.complaints,
        "authority": AUTHORITY,
    }


def listed(notice: Notice) -> dict[str, Any]:
    return {
        "version": notice.version,
        "published_at": rfc3339(notice.published_at),
        "languages": [LANGUAGE],
        "news": list(notice.news),
        "new_meaning": {purpose: rfc3339(from_when) for purpose, from_when in notice.new_meaning.items()},
    }
