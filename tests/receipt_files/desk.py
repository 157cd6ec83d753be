"""A retailer's desk: asks for files, uploads them, and asks how they stand; and what came of them."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from standardwebhooks import Webhook

from counterfoil.domain.receipt_files import MOST_BYTES
from counterfoil.store import receipt_files as store
from infra.sandbox.event_files import EVENTS
from tests.world import World

FILES = "/v1/retailers/{}/receipt-files"


def sample(kind: str) -> bytes:
    """A sample file of `events/`; its morning is that of the tests' world."""
    return (EVENTS / f"receipts.sample.{kind}").read_bytes()


def many(count: int, wrong: tuple[int, ...] = ()) -> bytes:
    """A CSV file of that many receipts of two rows each; those numbers have a wrong second row."""
    rows = ["receipt_id,store_id,kind,issued_at,currency,total,line.description,line.quantity,line.amount,"
            "tenders[0].type,tenders[0].amount"]  # fmt: skip
    for number in range(count):
        amount = 0 if number in wrong else 200
        rows += [
            f"r{number},soho,sale,2026-11-21T09:00:00Z,GBP,300,Tea,1,100,card,300",
            f"r{number},,,,,,Cake,{amount},200,,",
        ]
    return "\n".join(rows).encode()


WRONG = (1, 2, 6)  # of many(7): where windows are of two receipts, in the first, the second and the last
ERRORS = [(5, "line.quantity"), (7, "line.quantity"), (15, "line.quantity")]


@dataclass
class Desk:
    world: World
    retailer: str = "kite"
    asked: int = 0

    def headers(self, raw: bytes, request_id: str) -> dict[str, str]:
        at = self.world.now
        return {
            "webhook-id": request_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(self.world.secrets[self.retailer]).sign(request_id, at, raw.decode()),
        }

    def ask(self, kind: str = "csv", request_id: str | None = None) -> dict[str, Any]:
        """The answer to a request for a file."""
        self.asked += 1
        raw = json.dumps({"format": kind}).encode()
        headers = self.headers(raw, request_id or f"msg_{self.asked}")
        return self.world.request("POST", FILES.format(self.retailer), raw, headers)

    def upload(self, file_id: str, content: bytes, told: int = 1) -> None:
        """What the form does, and what the bucket then tells the queue, `told` times."""
        assert 0 < len(content) <= MOST_BYTES
        key = store.UPLOADS + file_id
        self.s3("PutObject", Key=key, Body=content)
        for _ in range(told):
            self.world.put("files", json.dumps({"uploaded": key}))

    def sent(self, content: bytes, kind: str = "csv") -> str:
        """The id of a file that was asked for and uploaded."""
        file_id = str(self.ask(kind)["json"]["id"])
        self.upload(file_id, content)
        return file_id

    def shown(self, file_id: str, retailer: str | None = None) -> dict[str, Any]:
        path = f"{FILES.format(retailer or self.retailer)}/{file_id}"
        return self.world.request("GET", path, headers=self.headers(b"", "msg_get"))

    def state(self, file_id: str) -> dict[str, Any]:
        return dict(self.shown(file_id)["json"])

    # What came of it

    def s3(self, operation: str, **arguments: Any) -> Any:
        """A call that no handler made."""
        return self.world.original_call(store._s3(), operation, {"Bucket": "files", **arguments})

    def uploads(self) -> list[str]:
        """Every version, and every mark of a deletion, under uploads."""
        found = self.s3("ListObjectVersions", Prefix=store.UPLOADS)
        return [one["Key"] for kind in ("Versions", "DeleteMarkers") for one in found.get(kind, [])]

    def report(self, file_id: str) -> list[tuple[int, str]]:
        """Row and field of every error in the report."""
        body = self.s3("GetObject", Key=f"reports/{file_id}.jsonl")["Body"].read()
        return [(error["row"], error["field"]) for error in map(json.loads, body.splitlines())]

    def queued(self) -> Counter[str]:
        """How often each receipt is in the match queue, by its opaque name."""
        return Counter(json.loads(message.body)["receipt"]["key"] for message in self.world.queues["match"])

    def work_off(self) -> None:
        """Works the files queue off, and nothing else."""
        until = self.world.now + timedelta(days=1)
        while coming := [message.visible_at for message in self.world.queues["files"]]:
            assert min(coming) < until, "it goes on for ever"
            if min(coming) > self.world.now:
                self.world.clock.move_to(min(coming))
            self.world._work_off("files")
