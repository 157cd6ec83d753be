"""Whatever is sent, the answer is one that the API's description has for it: by schemathesis, on the real handlers."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from standardwebhooks import Webhook

from counterfoil.openapi.operation import Operation
from counterfoil.openapi.operations import OPERATIONS
from tests.world import World

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OURS = {"bank": "openbank", "retailer": "kite", "purpose": "receipts"}
# Where nothing is taken, nothing can be wrong.
TALKS = [
    (one, mode)
    for one in OPERATIONS
    for mode in GenerationMode
    if one.takes or one.asks or mode is GenerationMode.POSITIVE
]
Start = Callable[[str, list[tuple[str, str]]], None]


def name_of(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def proved(world: World, operation: Operation, body: bytes) -> tuple[dict[str, str], str]:
    """The headers that prove who calls, and the scope of the caller's token."""
    if operation.proof not in ("bank_signed", "signed"):
        return {}, f"counterfoil/openbank.{operation.proof}"
    who = OURS["bank"] if operation.proof == "bank_signed" else OURS["retailer"]
    at: datetime = world.now
    signature = Webhook(world.secrets[who]).sign("msg_1", at, body.decode("utf-8", "replace"))
    stamp = str(int(at.timestamp()))
    return {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": signature}, ""


def gateway(world: World, operation: Operation) -> Callable[[dict[str, Any], Start], Iterable[bytes]]:
    """The API as a WSGI program, which proves its callers by itself."""

    def answer(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers, scope = proved(world, operation, body)
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace").replace("?", "%3F")
        if environ.get("QUERY_STRING"):
            path += f"?{environ['QUERY_STRING']}"
        told = world.request(environ["REQUEST_METHOD"], path, body, headers, scope)
        start(f"{told['statusCode']} .", [*told["headers"].items()])
        return [told["bytes"] if "bytes" in told else told["body"].encode()]

    return answer


@pytest.fixture(scope="module")
def api(founded: tuple[World, Any]) -> World:
    return founded[0]


@pytest.mark.parametrize(("operation", "mode"), TALKS, ids=lambda one: getattr(one, "value", None) or name_of(one))
def test_an_answer_is_a_described_one(
    api: World, described: dict[str, Any], operation: Operation, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_dict({**described, "servers": [{"url": "/"}]})
    ours = {name: value for name, value in OURS.items() if f"{{{name}}}" in operation.path}
    route = schema[operation.path][operation.method]
    cases = st.one_of(
        route.as_strategy(generation_mode=mode, path_parameters=ours), route.as_strategy(generation_mode=mode)
    )
    statuses = set()

    @settings(
        max_examples=15, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck]
    )
    @given(case=cases)
    def talk(case: Case) -> None:
        answer = case.call(app=gateway(api, operation))
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    talk()
    assert statuses
