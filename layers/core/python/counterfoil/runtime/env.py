"""Settings: what the deployment told this function, read by name. A missing one is an error at once."""

import json
import os


def text(name: str) -> str:
    return os.environ[name]


def seconds(name: str) -> tuple[int, ...]:
    """A list of waits, such as `15,60,600`."""
    return tuple(int(part) for part in os.environ[name].split(","))


def flag(name: str) -> bool:
    return os.environ.get(name) == "true"


def delivery_mappings() -> dict[str, str]:
    """The id of the event source mapping of each bank's delivery queue."""
    mappings: dict[str, str] = json.loads(os.environ["DELIVERY_MAPPINGS"])
    return mappings


def queue_urls() -> dict[str, str]:
    """The URL of each queue this function sends to or works off: `match`, `links`, `rights`, and the banks' by name."""
    urls: dict[str, str] = json.loads(os.environ.get("DELIVERY_QUEUE_URLS", "{}"))
    for name in ("match", "links", "rights"):
        if f"{name.upper()}_QUEUE_URL" in os.environ:
            urls[name] = os.environ[f"{name.upper()}_QUEUE_URL"]
    return urls
