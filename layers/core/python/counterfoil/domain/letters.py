"""What a person is told of their request, in plain words: what we do, by when, and what they can do."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from counterfoil.domain.controller import AUTHORITY
from counterfoil.domain.legal_clocks import day_of
from counterfoil.domain.rights import WAITS_AT_MOST, ExtensionReason, Kind, PrivacyRequest, RefusalReason

_ASKED: Final[Mapping[Kind, str]] = {
    "access": "for a copy of the data that we hold about you",
    "portability": "for the data that you gave us, in a form that machines read",
    "rectification": "to put right what is wrong in your data",
    "erasure": "to erase your data",
    "restriction": "to store your data and do nothing else with it",
    "lifting": "to end the restriction of your data",
    "objection": "to stop what we do with your data",
}
_DONE: Final[Mapping[Kind, str]] = {
    "access": "Your copy is ready. It says what we hold, why, for how long, where it came from and who received it.",
    "portability": "Your data is ready. It holds what you gave us under your consent, as JSON and CSV.",
    "rectification": "What was wrong has been put right, or passed on to your bank or the shop whose record it is. We "
    "told those who had received it from us.",
    "erasure": "Your data is erased. Copies in backups cannot be read any more and are gone within 35 days. We keep "
    "this record of your request, without anything that you wrote, to show that it was done.",
    "restriction": "From now on your data is stored and nothing else is done with it. You will be told before that "
    "ends. You can end it yourself at any time.",
    "lifting": "The restriction has ended, and what it held goes on as you allowed it.",
    "objection": "We have stopped: your data is stored and nothing else is done with it. If you want it erased, ask "
    "for that too; if you change your mind, ask us to go on.",
}
_NOTHING_HELD: Final = "We hold nothing about you, apart from the record of your requests."
_HELD: Final = (
    "We have stopped: nothing new is kept, and nothing more is sent. The law obliges us to keep the rest for now; it "
    "is erased as soon as that ends."
)
_EXTENDED: Final[Mapping[ExtensionReason, str]] = {
    "complex": "It is complex, so that we need more time than a month.",
    "many_requests": "You have made several requests, so that we need more time than a month.",
}
_REFUSED: Final[Mapping[RefusalReason, str]] = {
    "identity_not_proved": "We could not make sure that it was you who asked, so nothing was done or disclosed. You "
    "may ask again at any time.",
    "not_clarified": "We asked what you meant and had no answer, so we have closed the request. You may ask again at "
    "any time.",
    "manifestly_unfounded": "We decline it because it is manifestly unfounded.",
    "excessive": "We decline it because it is excessive: it repeats an earlier one to which nothing was added.",
    "legal_obligation": "We decline it because the law obliges us to keep this data.",
    "legal_claims": "We decline it because this data is needed for legal claims.",
    "rights_of_others": "We decline it because we cannot do it without harm to the rights of others.",
    "not_portable": "We decline it because this data was neither given by you nor kept under your consent. You can "
    "ask for a copy of it instead.",
    "correct_already": "We looked into it and found the data correct. We have noted that you see it otherwise.",
}


def letter(request: PrivacyRequest, question: str | None = None) -> str:
    """All that is to be said of a request as it stands, in paragraphs. `question`: what ops asked the person."""
    return "\n\n".join([_heading(request), *_body(request, question), f"Your reference is {request.id}."])


def in_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _heading(request: PrivacyRequest) -> str:
    return f"On {in_words(day_of(request.received_at))} you asked us {_ASKED[request.kind]}."


def _body(request: PrivacyRequest, question: str | None) -> list[str]:
    match request.state:
        case "waiting_for_identity" | "waiting_for_clarification":
            return _waiting(request, question)
        case "done":
            return _done(request)
        case "refused":
            return [_REFUSED[request.reason], _rights()]  # type: ignore[index]
        case "withdrawn":
            return ["You withdrew the request, so we have stopped. You may ask again at any time."]
        case _ if request.is_open and "held" in request.phases.values():
            return [*_extended(request), _HELD, _answer_by(request), _rights()]
        case "partial":
            failed = "Part of it is done. The rest failed and is being tried again."
            return [failed, _answer_by(request)]
        case _:
            return [*_extended(request), _answer_by(request)]


def _waiting(request: PrivacyRequest, question: str | None) -> list[str]:
    closes = day_of(request.waits[-1].since) + WAITS_AT_MOST
    if request.state == "waiting_for_identity":
        asked = (
            "Before we do or disclose anything we must know that it is you. Sign in with your bank on our page and "
            "give the reference and the token that you were told; or ask your bank to pass your request on to us. If "
            "you can do neither, tell us, and we will say which documents would help."
        )
    else:
        asked = f"To answer you we need to know more: {question or 'please tell us what you mean.'}"
    return [asked, f"The time for our answer stands still until then. If we hear nothing by {in_words(closes)}, we "
            "close the request; you may make it again."]  # fmt: skip


def _done(request: PrivacyRequest) -> list[str]:
    said = [_NOTHING_HELD if request.reason == "nothing_held" else _DONE[request.kind]]
    if request.export_until:
        said.append(f"You can fetch it until {in_words(day_of(request.export_until))}.")
    if request.has_lost_its_archive:
        said.append("The time to fetch it is over, and it is deleted. You may ask for another.")
    if "not_confirmed" in request.phases.values():
        said.append("Your bank has not confirmed that it deleted the receipts that we had sent it. Ask your bank.")
    return [*said, _rights()]


def _extended(request: PrivacyRequest) -> list[str]:
    return [_EXTENDED[request.extension], _rights()] if request.extension else []


def _answer_by(request: PrivacyRequest) -> str:
    due = request.due_on()
    return f"You will have our answer by {in_words(due)}." if due else ""


def _rights() -> str:
    return (
        "If you are not content, tell us: we acknowledge a complaint within 30 days. You may complain to the "
        f"authority at any time ({AUTHORITY}), and you may go to court."
    )
