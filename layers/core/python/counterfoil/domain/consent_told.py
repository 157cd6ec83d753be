"""A customer's choices as the API tells them."""

from collections.abc import Iterable
from typing import Any

from counterfoil.domain import notices
from counterfoil.domain.consent import Choice, Customer
from counterfoil.domain.purposes import PURPOSES
from counterfoil.domain.times import rfc3339


def state(choice: Choice) -> dict[str, Any]:
    """`ask_again`: a later notice changed what was granted, and from `lapses_at` on the grant allows nothing."""
    lapses_at = choice.lapses_at
    told: dict[str, Any] = {
        "purpose": choice.purpose,
        "granted": choice.granted,
        "version": choice.version,
        "effective_at": rfc3339(choice.effective_at),
        "ask_again": lapses_at is not None,
    }
    return told | ({"lapses_at": rfc3339(lapses_at)} if lapses_at else {})


def entry(choice: Choice) -> dict[str, Any]:
    return {
        "purpose": choice.purpose,
        "granted": choice.granted,
        "version": choice.version,
        "changed_at": rfc3339(choice.changed_at),
        "notice_version": choice.notice_version,
        "origin": choice.origin,
        "language": choice.language,
    }


def all_of(customer: Customer, history: Iterable[Choice]) -> dict[str, Any]:
    off = {"granted": False, "version": 0, "ask_again": False}
    choices = customer.choices
    return {
        "consents": {purpose: state(choices[purpose]) if purpose in choices else off for purpose in PURPOSES},
        "restricted": customer.restricted,
        "current_notice": notices.current().version,
        "history": [entry(choice) for choice in history],
    }
