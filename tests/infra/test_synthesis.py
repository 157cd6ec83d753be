"""The stacks as a whole: where they go, what checks them, what is uploaded."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App, Stack, Validations
from aws_cdk import aws_sqs as sqs
from cdk_nag import AwsSolutionsChecks

from infra import packages
from infra.settings import ROOT, bank_names
from tests.infra.synthesis import Synthesis

MOST_RESOURCES = 400
UNCHECKED_HASH = 0b01


def test_nothing_is_looked_up_and_all_goes_to_ireland(production: Synthesis) -> None:
    manifest = json.loads((production.folder / "manifest.json").read_text())
    places = {
        artifact["environment"]
        for artifact in manifest["artifacts"].values()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    assert places == {"aws://unknown-account/eu-west-1"}
    assert "missing" not in manifest


def test_a_stack_leaves_room_to_grow(production: Synthesis) -> None:
    sizes = {name: len(template["Resources"]) for name, template in production.templates.items()}
    assert max(sizes.values()) <= MOST_RESOURCES, sizes


def test_layers_are_the_app_stacks_own(production: Synthesis) -> None:
    layers = production.whole("Lambda::LayerVersion")
    assert set(layers) <= production.templates["Counterfoil"]["Resources"].keys()
    assert len(layers) == 3


def test_an_unexplained_finding_of_cdk_nag_stops_the_synthesis(tmp_path: Path) -> None:
    """The fixtures prove that there is none; this, that one would be noticed."""
    app = App(outdir=str(tmp_path))
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    sqs.Queue(Stack(app, "Careless"), "Queue")
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    assert "AwsSolutions-SQS4" in (tmp_path / "validation-report.json").read_text()


def test_cfn_lint_is_content(production: Synthesis) -> None:
    templates = sorted(str(path) for path in production.folder.glob("*.template.json"))
    assert len(templates) == 2
    lint = subprocess.run(
        [str(Path(sys.executable).with_name("cfn-lint")), "--regions", "eu-west-1", "--", *templates],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (lint.returncode, lint.stdout, lint.stderr) == (0, "", "")


def test_bytecode_is_never_taken_for_stale() -> None:
    folder = packages.core_layer()
    compiled = list(folder.rglob("*.pyc"))
    assert len(compiled) == len(list(folder.rglob("*.py")))
    for file in compiled:
        assert int.from_bytes(file.read_bytes()[4:8], "little") == UNCHECKED_HASH, file


def test_no_package_tells_where_it_was_built() -> None:
    for folder in (packages.core_layer(), packages.functions()):
        for file in folder.rglob("*.pyc"):
            assert str(ROOT).encode() not in file.read_bytes(), file


def test_the_libraries_are_for_the_machine_they_run_on(production: Synthesis) -> None:
    binaries = [file.name for file in packages.library_layer("hot", "arm64").rglob("*.so")]
    assert [name for name in binaries if "pydantic_core" in name]
    assert [name for name in binaries if "x86_64" in name] == []


@pytest.mark.parametrize(
    "banks",
    [[], [{"bank": "a"}, {"bank": "a"}], [{"bank": "Open Bank"}], [{"bank": "rights"}], [{"bank": "-"}]],
)
def test_banks_that_cannot_name_a_queue_are_refused(tmp_path: Path, banks: list[dict[str, str]]) -> None:
    file = tmp_path / "banks.json"
    file.write_text(json.dumps({"banks": banks}))
    with pytest.raises(ValueError, match=r"banks\.json"):
        bank_names(file)
