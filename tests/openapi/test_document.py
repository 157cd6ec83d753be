"""The API's description: valid, complete, and true of its examples."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from counterfoil.banks import BANKS
from counterfoil.errors import Refused
from counterfoil.openapi import answers, prose
from counterfoil.openapi.operations import OPERATIONS
from infra.sandbox import event_files

Json = dict[str, Any]


def problems(described: Json, schema: Json, value: object) -> list[str]:
    validator = Draft202012Validator(schema | {"components": described["components"]})
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def bodies(described: Json) -> Iterator[tuple[str, Json]]:
    """The content of every body that is taken or sent, with a name for it."""
    for path, methods in (*described["paths"].items(), *described["webhooks"].items()):
        for method, operation in methods.items():
            if "requestBody" in operation:
                yield f"{method} {path}", operation["requestBody"]["content"]["application/json"]


def test_it_is_openapi_3_1(described: Json) -> None:
    assert described["openapi"] == "3.1.0"
    assert [error.message for error in OpenAPIV31SpecValidator(described).iter_errors()] == []


def test_every_example_is_what_it_is_an_example_of(described: Json) -> None:
    wrong = {
        f"{name} {case}": found
        for name, content in bodies(described)
        for case, example in content.get("examples", {}).items()
        if (found := problems(described, content["schema"], example["value"]))
    }
    assert wrong == {}


def test_every_event_that_is_taken_is_an_example(described: Json) -> None:
    """Of the routes that take a body. An event that is none has a path that no operation has."""
    shown = {
        f"{one.function}.{case}"
        for one in OPERATIONS
        if "requestBody" in (operation := described["paths"][one.path][one.method.lower()])
        for case in operation["requestBody"]["content"]["application/json"].get("examples", {})
    }
    taken = set()
    for one in event_files.EVENTS.glob("*.json"):
        event = json.loads(one.read_text("utf-8"))
        if "body" in event["request"] and event["expect"]["status"] < 300:
            taken.add(one.stem)
    assert taken == shown


def test_every_banks_own_form_and_proof_are_described(described: Json) -> None:
    """A bank whose proof has no headers calls at a path with a secret."""
    (by_secret,) = (one for one in OPERATIONS if one.proof == "path_secret")
    (signed,) = (one for one in OPERATIONS if one.proof == "bank_signed")
    ways = [set(way) for way in described["paths"][signed.path]["post"]["security"]]
    for adapter in BANKS:
        if adapter.proof.headers:
            assert set(adapter.takes) <= set(signed.takes)
            assert set(adapter.proof.headers) in ways
        else:
            assert set(adapter.takes) <= set(by_secret.takes)


def test_every_operation_says_what_it_needs(described: Json) -> None:
    ids = [operation["operationId"] for methods in described["paths"].values() for operation in methods.values()]
    assert len(set(ids)) == len(ids) == len(OPERATIONS)
    for one in OPERATIONS:
        assert one.says
        assert one.gives.__doc__, f"{one.gives.__name__}: its docstring describes the answer"


def test_every_refusal_is_described(described: Json) -> None:
    assert set(prose.REFUSALS) == set(Refused.__subclasses__()), "add the reason to REFUSALS (openapi/prose.py)"
    responses = described["components"]["responses"]
    for refusal in Refused.__subclasses__():
        content = responses[refusal.__name__]["content"]["application/problem+json"]
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert "Retry-After" in responses["TooMany"]["headers"]


@pytest.mark.parametrize("kind", answers.DELIVERIES, ids=lambda kind: kind.__name__)
def test_every_delivery_is_described_with_an_example(described: Json, kind: type) -> None:
    schemas = [content["schema"]["$ref"].rpartition("/")[2] for _, content in bodies({**described, "paths": {}})]
    assert kind.__name__ in schemas


def test_nothing_is_described_that_nobody_refers_to(described: Json) -> None:
    text = str(described)
    unused = [name for name in described["components"]["schemas"] if f"'#/components/schemas/{name}'" not in text]
    assert unused == []
