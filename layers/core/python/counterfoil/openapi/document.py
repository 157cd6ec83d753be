"""The OpenAPI 3.1 document, from the table of operations, the models and the errors."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from counterfoil.domain import webhooks
from counterfoil.errors import BadRequest, Forbidden, Invalid, Refused, TooLarge, TooMany, Unauthenticated
from counterfoil.openapi import answers, prose
from counterfoil.openapi.operation import TAGS, Operation
from counterfoil.openapi.operations import OPERATIONS, SIGNING_BANKS

Json = dict[str, Any]
Event = Mapping[str, Any]
"""A file of `events/`: about, request, expect."""

JSON, PROBLEM = "application/json", "application/problem+json"
GATEWAY_TOO = {401, 403, 413, 429, 500}
"""Statuses that the gateway answers by itself too, in a form of its own."""


def document(events: Mapping[str, Event], deliveries: Sequence[Json]) -> Json:
    """The whole description. `events` by name; `deliveries`: a body for each kind of delivery."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Counterfoil", "version": "1", "summary": prose.SUMMARY, "description": prose.DESCRIPTION},
        "servers": [{"url": "..", "description": "Where this document is served"}],
        "tags": [{"name": name, "description": says} for name, says in TAGS.items()],
        "paths": _paths(events),
        "webhooks": {body["type"]: _webhook(body) for body in deliveries},
        "components": {
            "schemas": _schemas(),
            "responses": {refusal.__name__: _refusal(refusal) for refusal in _refusals()} | {"OurFault": _our_fault()},
            "securitySchemes": _security_schemes(),
        },
    }


# Routes


def _paths(events: Mapping[str, Event]) -> Json:
    paths: Json = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, events)
    return paths


def _operation(operation: Operation, events: Mapping[str, Event]) -> Json:
    described: Json = {
        "operationId": _operation_id(operation),
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.says,
        "security": _security(operation),
        "parameters": [*map(_parameter, re.findall(r"{(\w+)}", operation.path)), *_query(operation)],
        "responses": _responses(operation),
    }
    if operation.takes:
        bodies = [{"$ref": _ref(body)} for body in operation.takes]
        content: Json = {"schema": bodies[0] if len(bodies) == 1 else {"anyOf": bodies}}
        if examples := dict(_examples(operation, events)):
            content["examples"] = examples
        described["requestBody"] = {"required": True, "content": {JSON: content}}
    return described


def _operation_id(operation: Operation) -> str:
    """Unlike `function`, of which one may serve several routes: `put_consents_purpose` and the like."""
    words = re.findall(r"[a-z]+", re.sub(r"/v1|{(bank|retailer|customer_id)}", "", operation.path))
    return "_".join([operation.method.lower(), *words])


def _parameter(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} | prose.PARAMETERS[name]


def _query(operation: Operation) -> Iterator[Json]:
    """Each member of what the query may say, with the model's own words."""
    if operation.asks is None:
        return
    properties = operation.asks.model_json_schema()["properties"]
    for name, schema in properties.items():
        shape = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
        yield {"name": name, "in": "query", "description": schema["description"], "schema": shape}


def _security(operation: Operation) -> list[Json]:
    """Any one of these proves who calls; each needs all its headers."""
    if operation.proof in ("public", "path_secret"):
        return []
    if operation.proof == "token":
        return [_all_of(prose.TOKEN)]
    if operation.proof == "signed":
        return [_all_of(webhooks.HEADERS)]
    if operation.proof == "bank_signed":
        proofs = [_all_of(adapter.proof.headers) for adapter in SIGNING_BANKS]
        return [proof for place, proof in enumerate(proofs) if proof not in proofs[:place]]
    return [{"partner": [f"counterfoil/{{bank}}.{operation.proof}"]}]


def _all_of(headers: Mapping[str, str]) -> Json:
    return {name: [] for name in headers}


def _responses(operation: Operation) -> Json:
    found: Json = {
        str(operation.status): {
            "description": operation.gives.__doc__ or "",
            "content": {JSON: {"schema": {"$ref": _ref(operation.gives)}}} | {form: {} for form in operation.also},
        }
    }
    for refusal in _refused_by(operation):
        found[str(refusal.status)] = {"$ref": f"#/components/responses/{refusal.__name__}"}
    return dict(sorted(found.items())) | {"5XX": {"$ref": "#/components/responses/OurFault"}}


def _refused_by(operation: Operation) -> set[type[Refused]]:
    refused: set[type[Refused]] = {TooMany, *operation.refuses}
    if operation.takes:
        refused |= {BadRequest, TooLarge, Invalid}
    if operation.proof in ("bank_signed", "signed"):
        refused |= {Unauthenticated}
    if operation.proof in ("consents", "customers", "rights", "deliveries"):
        refused |= {Unauthenticated, Forbidden}
    return refused


def _examples(operation: Operation, events: Mapping[str, Event]) -> Iterator[tuple[str, Json]]:
    """The bodies of `events/` that are taken."""
    route = re.compile(re.sub(r"{\w+}", r"[^/]+", operation.path))
    for name, event in events.items():
        function, _, case = name.partition(".")
        request = event["request"]
        here = function == operation.function and request["method"] == operation.method
        if here and "body" in request and event["expect"]["status"] < 300 and route.fullmatch(request["path"]):
            yield case, {"summary": event["about"], "value": request["body"]}


# What we send


def _webhook(body: Json) -> Json:
    kind = next(each for each in answers.DELIVERIES if _const(each) == body["type"])
    answered = {"description": "Taken. Anything but 2xx is tried again, with longer and longer waits, for three days."}
    example = {"example": {"summary": "As it is sent", "value": body}}
    return {
        "post": {
            "operationId": body["type"].replace(".", "_"),
            "summary": kind.__doc__,
            "description": prose.DELIVERY,
            "security": [_all_of(webhooks.HEADERS)],
            "requestBody": {
                "required": True,
                "content": {JSON: {"schema": {"$ref": _ref(kind)}, "examples": example}},
            },
            "responses": {
                "2XX": answered,
                "410": {"description": "The endpoint is gone: nothing more is sent until the bank is registered anew."},
                "429": {"description": "Slow down: `Retry-After` (seconds) is honoured. Also with 503."},
            },
        }
    }


def _const(kind: type[BaseModel]) -> str:
    return str(kind.model_fields["type"].annotation.__args__[0])  # type: ignore[union-attr]


# Components


class _Schemas(GenerateJsonSchema):
    """Without a title for every field, since its name says as much, and without our mark for what a module keeps to
    itself."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False

    def normalize_name(self, name: str) -> str:
        return super().normalize_name(name).lstrip("_")


def _schemas() -> Json:
    models = {body for operation in OPERATIONS for body in (*operation.takes, operation.gives)}
    models |= {*answers.DELIVERIES, answers.Problem, answers.GatewayRefusal}
    mode: JsonSchemaMode = "validation"
    inputs = [(model, mode) for model in sorted(models, key=lambda model: model.__name__)]
    _, schemas = models_json_schema(inputs, ref_template="#/components/schemas/{model}", schema_generator=_Schemas)
    return {name: schema | {"title": name} for name, schema in sorted(schemas["$defs"].items())}


def _refusals() -> list[type[Refused]]:
    return sorted(Refused.__subclasses__(), key=lambda refusal: refusal.status)


def _refusal(refusal: type[Refused]) -> Json:
    described: Json = {
        "description": f"{refusal.title}: {prose.REFUSALS[refusal]}",
        "content": _problem_content(refusal.status, refusal.title, prose.REFUSALS[refusal]),
    }
    if refusal is TooMany:
        seconds = {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}
        described["headers"] = {"Retry-After": seconds}
    return described


def _our_fault() -> Json:
    return {
        "description": "Our fault (5xx). Nothing was promised: send it again.",
        "content": _problem_content(500, "Our fault"),
    }


def _problem_content(status: int, title: str, detail: str = "") -> Json:
    example: Json = {"type": "about:blank", "title": title, "status": status}
    if detail:
        example["detail"] = detail
    if status == Invalid.status:
        example["errors"] = [{"field": "lines[2].amount", "message": "must be a whole number"}]
    content: Json = {PROBLEM: {"schema": {"$ref": _ref(answers.Problem)}, "example": example}}
    if status in GATEWAY_TOO:
        content[JSON] = {"schema": {"$ref": _ref(answers.GatewayRefusal)}}
    return content


def _security_schemes() -> Json:
    scopes = {f"counterfoil/{{bank}}.{name}": says for name, says in prose.SCOPES.items()}
    flow = {"clientCredentials": {"tokenUrl": prose.SIGN_IN_URL, "scopes": scopes}}
    schemes: Json = {"partner": {"type": "oauth2", "description": prose.SIGN_IN, "flows": flow}}
    headers = {name: says for adapter in SIGNING_BANKS for name, says in adapter.proof.headers.items()}
    for name, says in (headers | webhooks.HEADERS | prose.TOKEN).items():
        schemes[name] = {"type": "apiKey", "in": "header", "name": name, "description": says}
    return schemes


def _ref(model: type[BaseModel]) -> str:
    return f"#/components/schemas/{model.__name__.lstrip('_')}"


def as_json(described: Json) -> str:
    return json.dumps(described, ensure_ascii=False, indent=1)
