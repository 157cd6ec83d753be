"""The field types that every wire model shares (contracts, section 1), and how a model's errors are told."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
)
from pydantic.json_schema import JsonSchemaValue

from counterfoil.domain import card_numbers
from counterfoil.domain.currencies import CURRENCIES
from counterfoil.errors import Invalid, Problem

_MOST_PROBLEMS = 50
_TIME = re.compile(
    r"(?:20\d\d)-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)",
    re.ASCII,
)
_TELLABLE_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
# Unicode's categories Cc, Zl, Zp and Cs.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class Wire(BaseModel):
    """A part of a message: fields as sent, nothing converted, nothing unknown, nothing changed afterwards."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


def validated[W: Wire](model: type[W], value: object) -> W:
    """`value` (decoded JSON) as a `model`. Raises Invalid with the problem of every field, at most fifty."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Invalid(problems_of(error)) from None


def problems_of(error: ValidationError) -> list[Problem]:
    """The errors of pydantic as problems that name the field and never echo what was sent."""
    details = error.errors(include_url=False, include_input=False)[:_MOST_PROBLEMS]
    return [Problem(field_path(detail["loc"]), message_of(detail)) for detail in details]


def field_path(location: tuple[int | str, ...]) -> str:
    """A location such as `("lines", 2, "amount")` as `lines[2].amount`, without names unfit to repeat."""
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += ("." if path else "") + (step if _tellable(step) else "(a name we do not repeat)")
    return path


def message_of(detail: Mapping[str, Any]) -> str:
    """What is wrong, in our words, with one field of pydantic's `errors()`."""
    context = detail.get("ctx", {})
    kind = detail["type"]
    if kind == "value_error":
        return str(context["error"])
    if kind == _WRONG_SHAPE:
        return str(detail["msg"])
    return _MESSAGES.get(kind, "cannot be taken as sent").format(**context)


_MESSAGES = {
    "missing": "is required",
    "extra_forbidden": "is not a field that is taken here",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "string_type": "must be a string",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be one of {expected}",
    "too_short": "must hold at least {min_length}",
    "too_long": "must hold at most {max_length}",
    "string_too_long": "must be at most {max_length} characters long",
}


def _tellable(name: str) -> bool:
    return _TELLABLE_NAME.fullmatch(name) is not None and not card_numbers.in_free_text(name)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A `pattern` with a message of ours. The core of pydantic checks it: many times as fast as a function here."""

    pattern: str
    message: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        pattern = self.pattern
        for ours, ascii_only in _ASCII_CLASSES.items():
            pattern = pattern.replace(ours, ascii_only)
        shape = {
            "type": "custom-error",
            "schema": {"type": "str", "pattern": f"^(?:{pattern})$"},
            "custom_error_type": _WRONG_SHAPE,
            "custom_error_message": self.message,
        }
        return {"type": "chain", "steps": [handler(source), shape]}

    def __get_pydantic_json_schema__(self, core: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(core) | {"pattern": f"^(?:{self.pattern})$"}


_WRONG_SHAPE = "wrong_shape"
# The core's own classes hold all of Unicode.
_ASCII_CLASSES = {r"\d": "[0-9]", r"\s": r"[\t-\r ]", r"\S": r"[^\t-\r ]"}


def matching(pattern: str, message: str) -> _Shape:
    """A check that the whole of a string has the shape of `pattern`, which the API's description tells."""
    return _Shape(pattern, message)


def refusing(is_wrong: Callable[[str], bool], message: str) -> AfterValidator:
    """A check that refuses a string for which `is_wrong`."""

    def check(value: str) -> str:
        if is_wrong(value):
            raise ValueError(message)
        return value

    return AfterValidator(check)


def gs1_digit_holds(digits: str) -> bool:
    """Whether the last of these digits is the GS1 check digit of the others (GTIN, SSCC and the like)."""
    values = digits.encode("ascii").translate(_VALUES_OF_DIGITS)
    return (sum(values[-1::-2]) + 3 * sum(values[-2::-2])) % 10 == 0


_VALUES_OF_DIGITS = bytes.maketrans(b"0123456789", bytes(range(10)))


def _instant(value: object) -> datetime:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("must be an RFC 3339 time with an offset, from the years 2000 to 2099")
    try:
        return datetime.fromisoformat(value.upper())
    except ValueError:
        raise ValueError("is not a time of the calendar") from None


def _free_text(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    if not text.isprintable() and _CONTROL.search(text):
        raise ValueError("must hold no control characters")
    if card_numbers.in_free_text(text):
        raise ValueError("holds a card number")
    return text


_ID_SHAPE = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)


def is_id(value: str) -> bool:
    """Whether a partner could have given this id."""
    return _ID_SHAPE.fullmatch(value) is not None


RegisteredId = Annotated[str, matching(r"[A-Za-z0-9_.:-]{1,64}", "must be 1 to 64 of A-Z a-z 0-9 _ . : -")]
"""An id that is taken only where a registration holds it. A merchant id may well look like a card number."""

Id = Annotated[RegisteredId, refusing(card_numbers.is_card_number, "is a card number")]
"""An id that a partner gave, unique within that partner only."""

Text = Annotated[str, Field(max_length=200), AfterValidator(_free_text)]
"""Free text of a line or so, that must hold no card number."""

Money = Annotated[int, Field(ge=0, le=999_999_999_999)]
"""An amount in minor units of its currency."""

_NO_CURRENCY = "must be a currency code of ISO 4217"
Currency = Annotated[
    str, matching(r"[A-Z]{3}", _NO_CURRENCY), refusing(lambda code: code not in CURRENCIES, _NO_CURRENCY)
]

Instant = Annotated[datetime, BeforeValidator(_instant)]
"""An RFC 3339 time with an offset, as an aware datetime that keeps the offset given."""
