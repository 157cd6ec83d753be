"""A deployment's templates, made in this process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import App

from infra.app import build
from infra.settings import ROOT, Settings

BANKS = ("openbank", "harbour-bank")
Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Synthesis:
    """The templates of one deployment by stack, and the folder that they and the packages lie in."""

    folder: Path
    templates: Mapping[str, Mapping[str, Any]]

    def resources(self, kind: str) -> dict[str, Resource]:
        """The properties of all resources of a type such as `SQS::Queue`, by logical id, over both stacks."""
        return {name: resource.get("Properties", {}) for name, resource in self.whole(kind).items()}

    def whole(self, kind: str) -> dict[str, Resource]:
        return {
            name: resource
            for template in self.templates.values()
            for name, resource in template["Resources"].items()
            if resource["Type"] == f"AWS::{kind}"
        }

    def functions(self) -> dict[str, Resource]:
        """By the name of the handler's file."""
        return {
            function["Handler"].removesuffix(".handler"): function
            for function in self.resources("Lambda::Function").values()
        }


def synthesise(folder: Path, settings: Settings) -> Synthesis:
    """Raises when a rule of cdk-nag is broken and not acknowledged."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = App(outdir=str(folder), context=context)
    build(app, settings)
    stacks = app.synth().stacks
    return Synthesis(folder, {stack.stack_name: stack.template for stack in stacks})


def ref(value: Any) -> str:
    """The logical id that a `Ref` or `Fn::GetAtt` names, or the export that an import names."""
    (kind, target), *more = value.items()
    assert not more
    return target[0] if kind == "Fn::GetAtt" else target
