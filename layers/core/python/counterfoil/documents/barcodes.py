"""The bars of the barcodes that shops print most: Code 128 (code set B), EAN-13, EAN-8 and UPC-A.

Bars and spaces are modules of equal width: `1` is black.
"""

from collections.abc import Callable, Mapping

MOST_CHARACTERS = 32
"""More than that is too narrow to be read from a receipt."""

# Widths of bar, space, bar … of each value of Code 128; the last is the stop.
_CODE_128_WIDTHS = """
212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 123122
123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 232121 111323
131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131
213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122
141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 124112
124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141
411131 211412 211214 211232 2331112
"""
_CODE_128 = _CODE_128_WIDTHS.split()
_START_B, _STOP = 104, 106

_LEFT_DIGITS = "0001101 0011001 0010011 0111101 0100011 0110001 0101111 0111011 0110111 0001011"
_LEFT = _LEFT_DIGITS.split()
_RIGHT = [code.translate(str.maketrans("01", "10")) for code in _LEFT]
_EVEN = [code[::-1] for code in _RIGHT]
# Which of the six left digits are of even parity tells the first digit of an EAN-13.
_FIRST_DIGITS = "000000 001011 001101 001110 010011 011001 011100 010101 010110 011010"
_FIRST = _FIRST_DIGITS.split()
_EDGE, _MIDDLE = "101", "01010"


def modules(symbology: str, value: str) -> str | None:
    """The modules of a checked barcode, or None for one that is not drawn."""
    draw = _DRAWN.get(symbology)
    return draw(value) if draw and len(value) <= MOST_CHARACTERS else None


def _code_128(value: str) -> str | None:
    if not value.isascii() or not value.isprintable():
        return None
    values = [_START_B, *(ord(character) - 32 for character in value)]
    check = (values[0] + sum(place * each for place, each in enumerate(values))) % 103
    widths = "".join(_CODE_128[each] for each in (*values, check, _STOP))
    return "".join(("1", "0")[place % 2] * int(width) for place, width in enumerate(widths))


def _ean_13(digits: str) -> str:
    parity = _FIRST[int(digits[0])]
    left = "".join((_LEFT, _EVEN)[int(even)][int(digit)] for even, digit in zip(parity, digits[1:7], strict=True))
    return _EDGE + left + _MIDDLE + _right(digits[7:]) + _EDGE


def _ean_8(digits: str) -> str:
    return _EDGE + "".join(_LEFT[int(digit)] for digit in digits[:4]) + _MIDDLE + _right(digits[4:]) + _EDGE


def _right(digits: str) -> str:
    return "".join(_RIGHT[int(digit)] for digit in digits)


_DRAWN: Mapping[str, Callable[[str], str | None]] = {
    "code128": _code_128,
    "ean13": _ean_13,
    "ean8": _ean_8,
    "upca": lambda digits: _ean_13(f"0{digits}"),
}
