"""Where in a JSON text each value stands, for messages about files that people write by hand."""

import json
import re
from collections.abc import Iterator

Location = tuple[int | str, ...]
"""The way to a value: a key a level of objects, an index a level of lists."""

_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


def located(text: str) -> Iterator[tuple[Location, int]]:
    """Every value of a valid JSON text, with its line counted from 1; a key given twice comes twice."""
    place: list[int | str] = []
    awaits_key = False
    line, read = 1, 0
    for match in _WORD.finditer(text):
        word = match.group()
        line += text.count("\n", read, match.start())
        read = match.start()
        if awaits_key and word[0] == '"':
            place[-1] = json.loads(word)
            awaits_key = False
        elif word == ",":
            step = place[-1]
            if isinstance(step, int):
                place[-1] = step + 1
            else:
                awaits_key = True
        elif word in "]}":
            place.pop()
            awaits_key = False
        elif word != ":":
            yield tuple(place), line
            if word in "[{":
                place.append(0 if word == "[" else "")
                awaits_key = word == "{"
