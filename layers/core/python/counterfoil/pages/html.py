"""HTML from plain values: all that is not made here goes in as text, and so cannot become markup."""

from html import escape

_WITHOUT_END = frozenset({"br", "hr", "input", "link", "meta"})


class Html(str):
    """Markup, safe as it stands: made by `tag` and `join` alone."""

    __slots__ = ()


Inside = Html | str | None
Attribute = str | int | bool | None


def tag(name: str, /, *inside: Inside, **attributes: Attribute) -> Html:
    """An element. An attribute's name loses a last `_`, and has `-` for each other; False and None leave it out."""
    told = "".join(_attribute(key, value) for key, value in attributes.items())
    start = f"<{name}{told}>"
    return Html(start if name in _WITHOUT_END else f"{start}{join(*inside)}</{name}>")


def join(*parts: Inside) -> Html:
    """Parts one after another; what is not markup is escaped."""
    return Html("".join(part if isinstance(part, Html) else escape(part or "") for part in parts))


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
