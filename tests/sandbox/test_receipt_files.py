"""A file of receipts on the deployed engine: asked for, uploaded, worked off, and shown in the bank's app."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from infra.sandbox.event_files import EVENTS, moved
from infra.sandbox.signing import signed_post
from tests.sandbox.engine_parts import eventually
from tests.sandbox.live import Live

WRITTEN_AT = datetime(2026, 11, 21, 9, 16, tzinfo=UTC)


def sample(name: str, tag: str) -> bytes:
    """A sample file as of now, with receipt ids and codes of its own."""
    text = moved((EVENTS / name).read_text("utf-8"), datetime.now(UTC) - WRITTEN_AT)
    for part in ("soho-03-", "camden-01-"):
        text = text.replace(part, f"{tag}-")
    return text.replace("A1B2C3", tag.upper()).replace("632500000123", "").encode()


def asked_for(live: Live, file_format: str) -> dict[str, Any]:
    till = live.partners.tills["kite"]
    url = f"{live.deployment.api_url}/v1/retailers/kite/receipt-files"
    answer = signed_post(live.http, url, till.secret, json.dumps({"format": file_format}).encode())
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def uploaded(live: Live, asked: dict[str, Any], content: bytes) -> httpx.Response:
    form = asked["upload"]
    return live.http.post(form["url"], data=form["fields"], files={"file": content})


def state(live: Live, file_id: str) -> dict[str, Any]:
    event = live.event("receipt_files.unknown_file")
    path = f"/v1/retailers/kite/receipt-files/{file_id}"
    headers = event.signed(live.secrets, datetime.now(UTC))
    return dict(live.http.get(f"{live.deployment.api_url}{path}", headers=headers).json())


def test_a_file_is_uploaded_worked_off_and_its_receipt_delivered(live: Live) -> None:
    live.consent("file_42")
    payment, _ = live.sale("file", "file_42")
    payment["data"] |= {"auth_code": "FILE01", "authorised_at": _at(124)}
    payment["data"].pop("rrn", None)
    live.stage.pay("openbank", payment)
    asked = asked_for(live, "csv")
    content = sample("receipts.sample.csv", "file01")
    wrong = b"\r\n".join(content.splitlines()).replace(b",camden,", b",leeds,")
    assert uploaded(live, asked, wrong).status_code == 204
    eventually(lambda: state(live, asked["id"])["state"] == "done", 40)
    told = state(live, asked["id"])
    assert told["bytes"] == {"done": len(wrong), "total": len(wrong)}
    assert (told["rows"], told["receipts"]) == (5, {"taken": 2, "refused": 1}), told["errors"]
    assert {(error["row"], error["field"]) for error in told["errors"]} == {(7, "store_id")}
    report = live.http.get(told["error_report"]).text.splitlines()
    assert [json.loads(line) for line in report] == told["errors"]
    shown = live.stage.shown("openbank", payment)
    assert shown["receipt"]["receipt_id"] == "file01-000123"
    versions = live.client("s3").list_object_versions(Bucket=live.deployment.files_bucket, Prefix="uploads/")
    assert not versions.get("Versions")
    assert not versions.get("DeleteMarkers")


def test_the_form_takes_no_other_name_and_nothing_empty(live: Live) -> None:
    asked = asked_for(live, "jsonl")
    assert uploaded(live, asked, b"").status_code == 400
    form = asked["upload"] | {"fields": asked["upload"]["fields"] | {"key": "uploads/another"}}
    assert uploaded(live, {"upload": form}, b"{}").status_code == 403
    assert state(live, asked["id"])["state"] == "waiting"


def _at(seconds_ago: int) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat(timespec="seconds").replace("+00:00", "Z")
