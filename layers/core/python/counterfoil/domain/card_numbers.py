"""Telling a payment card's number from the many other long numbers on a receipt.

A number counts as a card's when it starts with a scheme's prefix, has a length that scheme issues and
passes the Luhn check. Prefixes and lengths: ISO/IEC 7812 ranges as the schemes publish them.
"""

import re
import unicodedata

# first digits from, to (inclusive, same width), lengths
_SCHEMES: tuple[tuple[str, str, frozenset[int]], ...] = (
    ("4", "4", frozenset({13, 16, 19})),  # Visa
    ("51", "55", frozenset({16})),  # Mastercard
    ("2221", "2720", frozenset({16})),
    ("34", "34", frozenset({15})),  # American Express
    ("37", "37", frozenset({15})),
    ("300", "305", frozenset({14})),  # Diners Club
    ("36", "36", frozenset({14})),
    ("38", "39", frozenset({14})),
    ("6011", "6011", frozenset({16, 19})),  # Discover
    ("644", "659", frozenset({16, 19})),
    ("3528", "3589", frozenset({16, 19})),  # JCB
    ("62", "62", frozenset({16, 19})),  # UnionPay
    ("5018", "5018", frozenset({16, 18, 19})),  # Maestro
    ("5020", "5020", frozenset({16, 18, 19})),
    ("5038", "5038", frozenset({16, 18, 19})),
    ("5893", "5893", frozenset({16, 18, 19})),
    ("6304", "6304", frozenset({16, 18, 19})),
    ("6759", "6763", frozenset({16, 18, 19})),
)

# Retail article numbers have 8, 12 or 13 digits, and no scheme issues 13 any more: an id so short is not a
# card.
_SHORTEST_IN_ID = 14
_LENGTHS = range(13, 20)

_ID_OF_DIGITS = re.compile(r"[\d\-._: ]+")
_ID_SEPARATORS = str.maketrans("", "", "-._: ")
_THIRTEEN_DIGITS = re.compile(r"(?:\D*+\d){13}")
_GROUPED_DIGITS = re.compile(r"\d(?:[\W_]{0,3}\d){12,}")
_GROUP = re.compile(r"\d+")


def in_free_text(text: str) -> bool:
    """Whether `text` holds a card number, its digits together or in groups between spaces or punctuation."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if not _THIRTEEN_DIGITS.match(text):
        return False
    return any(map(_grouped, _GROUPED_DIGITS.findall(text)))


def is_card_number(identifier: str) -> bool:
    """Whether a whole id or barcode, its separators aside, is a card number."""
    if len(identifier) < _SHORTEST_IN_ID or not _ID_OF_DIGITS.fullmatch(identifier):
        return False
    digits = identifier.translate(_ID_SEPARATORS)
    return len(digits) >= _SHORTEST_IN_ID and _is_card(digits)


def _grouped(run: str) -> bool:
    groups = _GROUP.findall(run)
    for start in range(len(groups)):
        digits = ""
        for group in groups[start:]:
            digits += group
            if len(digits) >= _LENGTHS.stop:
                break
            if _is_card(digits):
                return True
    return False


def _is_card(digits: str) -> bool:
    return len(digits) in _LENGTHS and digits.isdecimal() and _has_scheme(digits) and _passes_luhn(digits)


def _has_scheme(digits: str) -> bool:
    return any(first <= digits[: len(first)] <= last and len(digits) in lengths for first, last, lengths in _SCHEMES)


def _passes_luhn(digits: str) -> bool:
    odd = sum(int(digit) for digit in digits[-1::-2])
    even = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (odd + even) % 10 == 0
