"""What is said in public: who takes part, and what the API can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.function import QUERY, Function

if TYPE_CHECKING:
    from infra.app_stack import AppStack


def add(app: AppStack) -> None:
    _merchants(app)
    _description(app)
    _notices(app)


def _merchants(app: AppStack) -> None:
    function = Function(
        app,
        "merchant_api",
        app.platform,
        description="Lists who is live and who comes next",
        environment={"LEDGER_TABLE": app.data.ledger.table_name},
    )
    function.use_table(app.data.ledger, "dynamodb:GetItem", *QUERY)
    app.public_route(
        "GET",
        "/v1/merchants",
        function,
        rate=50,
        burst=100,
        proof="Public: names, status and towns, nothing else.",
    )


def _description(app: AppStack) -> None:
    function = Function(
        app,
        "openapi_document",
        app.platform,
        description="Shows the API's description",
        environment={"OPENAPI_FILE": "openapi.json"},
    )
    app.public_route(
        "GET",
        "/v1/openapi.json",
        function,
        rate=50,
        burst=100,
        proof="Public: what the API takes and answers, made from the code alone.",
    )


def _notices(app: AppStack) -> None:
    function = Function(
        app,
        "notice_api",
        app.platform,
        description="Shows the privacy notices",
    )
    for path in ("/v1/notices", "/v1/notices/{version}"):
        app.public_route("GET", path, function, rate=50, burst=100, proof="Public: texts from the code alone.")
