"""The code at a receipt's foot, as SVG. The libraries encode it; only the bars are drawn here."""

import io
from itertools import groupby

import barcode
import segno

LINEAR = {
    "code128": "code128",
    "code39": "code39",
    "ean13": "ean13",
    "ean8": "ean8",
    "upca": "upca",
    "itf": "itf",
}
QUIET = 10  # modules of white left and right, as the symbologies ask
HEIGHT = 40


def svg(symbology: str, value: str) -> str:
    """An SVG that scales. Raises ValueError for a symbology not known here, or a value that it cannot carry."""
    if symbology == "qr":
        return _qr(value)
    if symbology not in LINEAR:
        raise ValueError("unknown symbology")
    try:
        options = {"add_checksum": False} if symbology == "code39" else {}
        modules = barcode.get(LINEAR[symbology], value, options=options).build()[0]
    except barcode.errors.BarcodeError as error:
        raise ValueError("a value that this symbology cannot carry") from error
    return _bars(modules)


def _bars(modules: str) -> str:
    """`modules`: one character each, 1 dark and 0 light."""
    bars, x = [], QUIET
    for shade, run in groupby(modules):
        width = len(list(run))
        if shade == "1":
            bars.append(f'<rect x="{x}" width="{width}" height="{HEIGHT}"/>')
        x += width
    width = x + QUIET
    # Two pixels a module where there is room: whole pixels keep the bars true.
    size = f'width="{2 * width}" height="{HEIGHT}" viewBox="0 0 {width} {HEIGHT}" preserveAspectRatio="none"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(bars)}</svg>'


def _qr(value: str) -> str:
    drawn = io.BytesIO()
    segno.make(value, error="m", micro=False).save(drawn, kind="svg", xmldecl=False, omitsize=True, border=2)
    return drawn.getvalue().decode()
