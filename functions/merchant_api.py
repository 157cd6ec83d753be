"""Who takes part, for everybody: GET /v1/merchants."""

from counterfoil.runtime import api
from counterfoil.runtime.api import Reply, Request
from counterfoil.store import registry


def _list(_request: Request) -> Reply:
    merchants = [
        {"name": listing.name, "status": listing.status, "towns": list(listing.towns)}
        for listing in registry.listings()
    ]
    return Reply(200, {"merchants": merchants}, {"cache-control": "public, max-age=60"})


handler = api.endpoint(_list)
