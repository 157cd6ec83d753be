"""Where in a JSON text each value stands, for messages about files that people write by hand."""

import json
import re
from collections.abc import Iterator

Location = tuple[int | str, ...]
"""The way to a value: a key a level of objects, an index a level of lists."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


def located(text: str) -> Iterator[tuple[Location, int]]:
    """Every value of a valid JSON text, with its line counted from 1; a key given twice comes twice."""
    place: list[int | str] = []
    awaits_key = False
    line, read = 1, 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        line += text.count("\n", read, match.start())
        read = match.start()
        if awaits_key and token[0] == '"':
            place[-1] = json.loads(token)
            awaits_key = False
        elif token == ",":
            step = place[-1]
            if isinstance(step, int):
                place[-1] = step + 1
            else:
                awaits_key = True
        elif token in "]}":
            place.pop()
            awaits_key = False
        elif token != ":":
            yield tuple(place), line
            if token in "[{":
                place.append(0 if token == "[" else "")
                awaits_key = token == "{"
