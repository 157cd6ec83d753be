"""A privacy notice to be read."""

from collections.abc import Iterator, Sequence

from counterfoil.domain.notice_text import Section
from counterfoil.pages.frame import page
from counterfoil.pages.html import Html, tag
from counterfoil.runtime.api import Page


def notice(title: str, sections: Sequence[Section]) -> Page:
    body = (part for section in sections for part in _section(section))
    return page(title, tag("article", tag("h1", title), *body, class_="card"))


def _section(section: Section) -> Iterator[Html]:
    yield tag("h2", section.heading)
    yield from (tag("p", text) for text in section.paragraphs)
    if section.points:
        yield tag("ul", *(tag("li", point) for point in section.points))
    if section.rows:
        head = tag("tr", *(tag("th", name, scope="col") for name in section.columns))
        yield tag("table", head, *(tag("tr", *(tag("td", cell) for cell in row)) for row in section.rows))
