"""What the project depends on is declared, pinned, and named without a host."""

import re
import sys
import tomllib

import pytest

from tests.source import CORE, FUNCTIONS, INFRA, ROOT, imports_of, python_files, tracked_files

# Libraries whose module has another name, and those that come with one that we name.
MODULE_OF = {"aws-cdk-lib": "aws_cdk", "fpdf2": "fpdf", "python-barcode": "barcode", "pytest-xdist": "xdist"}
IMPLIED = {"constructs", "botocore"}
OUR_MODULES = {"counterfoil", "functions", "infra", "tests", "launcher"}


@pytest.mark.parametrize(
    "lock",
    [
        "requirements.lock",
        "requirements-engine.lock",
        "layers/hot/requirements.txt",
        "layers/data/requirements.txt",
        "package-lock.json",
    ],
)
def test_locks_pin_by_hash_and_name_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not re.search(r"--(index|extra-index|find-links)", text)
    if lock.endswith(".json"):
        assert '"resolved"' not in text
        assert '"integrity": "sha512-' in text
    else:
        pins = re.findall(r"^[a-z0-9].*?(?=^[a-z#]|\Z)", text, re.MULTILINE | re.DOTALL)
        assert len(pins) > 5
        for pin in pins:
            assert re.match(r"\S+==\S+ \\", pin), pin.splitlines()[0]
            assert "--hash=sha256:" in pin, pin.splitlines()[0]


def test_the_layers_have_the_versions_that_are_tested() -> None:
    def pins(path: str) -> dict[str, str]:
        return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / path).read_text(), re.MULTILINE))

    tested = pins("requirements.lock")
    for name in ("hot", "data"):
        layer = pins(f"layers/{name}/requirements.txt")
        assert layer
        assert layer.items() <= tested.items()


def test_no_file_names_a_machine_or_a_registry() -> None:
    # Put together here, so that this file does not name them either.
    folders = [f"/{name}/" for name in ("work", "root", "home")]
    hosts = [f"{name}.org" for name in ("pypi", "npmjs", "pythonhosted")]
    found = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in tracked_files()
        if file.suffix not in (".png", ".ico", ".woff2")
        for name in folders + hosts
        if name in file.read_text(errors="replace")
    ]
    assert found == []


def test_every_library_that_is_imported_is_a_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = [project["project"]["dependencies"], *project["dependency-groups"].values()]
    declared = [line for group in groups for line in group]
    names = {re.split(r"[<>=\[]", line)[0] for line in declared} | IMPLIED
    modules = {MODULE_OF.get(name, name.replace("-", "_")) for name in names}
    folders = (CORE, FUNCTIONS, INFRA, ROOT / "tests")
    imports = [each for folder in folders for file in python_files(folder) for each in imports_of(file)]
    unknown = [each for each in imports if each.top not in sys.stdlib_module_names | modules | OUR_MODULES]
    assert [str(each) for each in unknown] == []
