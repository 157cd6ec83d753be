"""The rooms keep to themselves, and nothing that belongs together is half there."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CORE = ROOT / "layers" / "core" / "python" / "counterfoil"
FUNCTIONS = ROOT / "functions"
INFRA = ROOT / "infra"

# What a room may import beside the standard library and itself. A module is a room where it stands alone.
MAY_IMPORT = {
    "errors": set[str](),
    # holidays for the one module of legal clocks.
    "domain": {"pydantic", "counterfoil.errors", "holidays"},
    # Seals by key alone; who may open what is decided by flows.
    "sealing": {"cryptography", "counterfoil.errors"},
    "signing": {"cryptography", "joserfc"},
    "banks": {"counterfoil.domain", "counterfoil.errors", "cryptography", "oauthlib", "joserfc", "pydantic"},
    "retailers": {"counterfoil.domain", "counterfoil.errors", "cryptography"},
    "store": {"counterfoil.domain", "counterfoil.errors", "boto3", "botocore"},
    "flows": {
        *("counterfoil.domain", "counterfoil.errors", "counterfoil.sealing", "counterfoil.signing"),
        *("counterfoil.banks", "counterfoil.retailers", "counterfoil.store"),
    },
    # Pure functions from what is known of a receipt to a file.
    "documents": {"fpdf", "counterfoil.domain", "counterfoil.errors"},
    # Pure functions from what is known to a page, beside what every page is to the edge.
    "pages": {"counterfoil.domain", "counterfoil.errors", "counterfoil.documents", "counterfoil.runtime.api"},
    # Describes what the others take and answer; runs when the functions are packaged, and in none of them.
    "openapi": {
        *("counterfoil.domain", "counterfoil.errors", "counterfoil.banks", "counterfoil.retailers"),
        "pydantic",
    },
    # urllib3 for the one module that calls banks.
    "runtime": {
        "counterfoil.errors",
        "counterfoil.sealing",
        "aws_lambda_powertools",
        "boto3",
        "botocore",
        "urllib3",
    },
}
FUNCTIONS_MAY_IMPORT = {"counterfoil", "pydantic", "aws_lambda_powertools"}
# The replay is the handlers' twin: it goes through the same adapters, checks and decisions, and no store.
REPLAY = INFRA / "sandbox" / "replay"
REPLAY_MAY_IMPORT = {"counterfoil.domain", "counterfoil.banks", "counterfoil.retailers", "counterfoil.errors"}
# Infrastructure reads data from the application, never its behaviour. An adapter of BANKS speaks in the last four;
# LONGEST_TRY is a time that a decision counts on and a function's timeout keeps.
DATA_FOR_INFRA = {
    "BANKS",
    "RETAILERS",
    "RECORDS",
    "LONGEST_TRY",
    "Arrival",
    "BankAdapter",
    "Credentials",
    "Unauthenticated",
}
# Decisions take the clock as an argument and touch nothing outside them.
IMPURE_MODULES = {
    "os",
    "io",
    "time",
    "random",
    "socket",
    "subprocess",
    "pathlib",
    "logging",
    "threading",
    "http",
}
IMPURE_CALLS = {"now", "today", "utcnow", "open", "print"}
# The queues' messages are sealed by the functions before, anew each time; operators send the sandbox's own
# merchants.json and banks.json, and ask about what became of those messages. Every other function is called from
# outside, with a body that can be written down.
WITHOUT_EVENT = {
    "match_receipts",
    "receipt_file_rows",
    "deliver_receipt",
    "probe_banks",
    "revisit_undecided",
    "linked_accounts",
    "rights_worker",
    "rights_clock",
    "register_partners",
    "inspect_matching",
    "audit_checkpoint",
    "retention_sweep",
    "legal_holds",
    "audit_desk",
    "apply_erasures",
}
# Libraries whose module has another name, and those that come with one that we name.
MODULE_OF = {"aws-cdk-lib": "aws_cdk", "fpdf2": "fpdf", "python-barcode": "barcode", "pytest-xdist": "xdist"}
IMPLIED = {"constructs", "botocore"}
OUR_MODULES = {"counterfoil", "functions", "infra", "tests", "launcher"}


@dataclass(frozen=True)
class Import:
    """`from module import name`, or `import module` with no name."""

    file: Path
    line: int
    module: str
    name: str | None = None

    def __str__(self) -> str:
        what = f"{self.module}.{self.name}" if self.name else self.module
        return f"{self.file.relative_to(ROOT)}:{self.line} {what}"

    def within(self, allowed: set[str]) -> bool:
        whole = f"{self.module}.{self.name}"
        return any(path == part or path.startswith(f"{part}.") for path in (self.module, whole) for part in allowed)

    @property
    def top(self) -> str:
        return self.module.split(".")[0]


def _python(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def _imports(file: Path) -> Iterator[Import]:
    """Those inside functions too."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (Import(file, node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: absolute imports tell which room they enter"
            yield from (Import(file, node.lineno, node.module or "", alias.name) for alias in node.names)


def _room(file: Path) -> str:
    return file.relative_to(CORE).parts[0].removesuffix(".py")


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_every_room_is_one_of_the_table() -> None:
    assert {_room(file) for file in _python(CORE)} - {"__init__"} == set(MAY_IMPORT)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_what_it_may(room: str) -> None:
    allowed = MAY_IMPORT[room] | {f"counterfoil.{room}"}
    files = [file for file in _python(CORE) if _room(file) == room]
    imports = [each for file in files for each in _imports(file) if each.top not in sys.stdlib_module_names]
    assert files
    assert [str(each) for each in imports if not each.within(allowed)] == []


def test_decisions_are_pure() -> None:
    for file in _python(CORE / "domain"):
        assert [str(each) for each in _imports(file) if each.top in IMPURE_MODULES] == []
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", None))
                assert called not in IMPURE_CALLS, f"{file}:{node.lineno}"


def test_functions_start_and_import_neither_boto3_nor_each_other() -> None:
    imports = [each for file in _python(FUNCTIONS) for each in _imports(file)]
    assert imports
    outside = [each for each in imports if each.top not in sys.stdlib_module_names]
    assert [str(each) for each in outside if not each.within(FUNCTIONS_MAY_IMPORT)] == []


def test_nothing_that_runs_knows_the_description() -> None:
    rooms = [file for file in _python(CORE) if _room(file) != "openapi"]
    imports = [each for file in [*rooms, *_python(FUNCTIONS)] for each in _imports(file)]
    assert [str(each) for each in imports if each.within({"counterfoil.openapi"})] == []


def test_functions_leave_errors_to_the_runtime() -> None:
    """One table maps errors to answers; a handler with a table of its own would differ from it."""
    for file in _python(FUNCTIONS):
        tries = [node.lineno for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Try)]
        assert tries == [], file


def test_only_one_module_writes_to_the_log() -> None:
    """What is told by `observe` cannot be about people; anything else that writes could."""
    writers = {"logging", "warnings", "syslog", "pprint", "faulthandler", "aws_lambda_powertools"}
    for file in [*_python(CORE), *_python(FUNCTIONS)]:
        if file == CORE / "runtime" / "observe.py":
            continue
        assert [str(each) for each in _imports(file) if each.top in writers] == []
        for node in ast.walk(ast.parse(file.read_text())):
            named = getattr(node, "id", getattr(node, "attr", None))
            is_writing = named in ("print", "stdout", "stderr", "print_exc", "print_exception")
            assert not is_writing or file.parent.name == "openapi", f"{file}:{getattr(node, 'lineno', 0)} {named}"


def test_no_error_leaves_a_function_with_its_words() -> None:
    """A handler is made by `api`, or decorated with `observe.nameless`: else the runtime prints the error's message."""
    for file in _python(FUNCTIONS):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name == "handler":
                assert [ast.unparse(each) for each in node.decorator_list] == ["observe.nameless"], file
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "handler":
                assert ast.unparse(node.value).startswith(("api.endpoint(", "api.pages(")), file


def test_what_is_counted_has_the_name_of_a_metric() -> None:
    from counterfoil.runtime.observe import is_metric

    names = [
        part
        for file in [*_python(CORE), *_python(FUNCTIONS)]
        for node in ast.walk(ast.parse(file.read_text()))
        for part in _texts(_counted_by(node))
    ]
    assert len(names) > 20
    assert [name for name in names if not is_metric(name)] == []


def _counted_by(node: ast.AST) -> ast.AST:
    """What a call counts: Outcome(counts=…), TryAgain(count=…), observe.count(…)."""
    counted: list[ast.expr] = []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Outcome", "TryAgain"):
        counted = [each.value for each in node.keywords if each.arg in ("counts", "count")]
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "observe.count":
        counted = [each for each in node.args if isinstance(each, ast.List)]
    return ast.Tuple(counted)


def _texts(node: ast.AST) -> Iterator[str]:
    """The strings of an expression, but for those that it compares with."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif not isinstance(node, ast.Compare):
        yield from (text for child in ast.iter_child_nodes(node) for text in _texts(child))


def test_infra_takes_only_data_from_the_application() -> None:
    files = [file for file in _python(INFRA) if REPLAY not in file.parents]
    imports = [each for file in files for each in _imports(file) if each.top == "counterfoil"]
    assert [str(each) for each in imports if each.name not in DATA_FOR_INFRA] == []


def test_the_replay_decides_with_the_application_and_keeps_its_own_records() -> None:
    imports = [each for file in _python(REPLAY) for each in _imports(file) if each.top == "counterfoil"]
    assert imports
    assert [str(each) for each in imports if not each.within(REPLAY_MAY_IMPORT)] == []


def test_only_the_sandbox_uses_the_sandbox() -> None:
    files = [file for file in _python(INFRA) if "sandbox" not in file.relative_to(INFRA).parts]
    imports = [each for file in [*files, *_python(CORE), *_python(FUNCTIONS)] for each in _imports(file)]
    assert [str(each) for each in imports if each.within({"infra.sandbox"})] == []


def test_every_function_is_deployed_and_nothing_else_is() -> None:
    deployed = [
        node.args[1].value
        for file in _python(INFRA / "areas")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Function"
    ]
    assert len(set(deployed)) == len(deployed)
    assert set(deployed) == {file.stem for file in _python(FUNCTIONS)} - {"__init__"}


def test_every_function_has_an_event_and_every_event_a_function() -> None:
    functions = {file.stem for file in _python(FUNCTIONS)} - {"__init__"}
    assert functions >= WITHOUT_EVENT
    assert {file.name.split(".")[0] for file in (ROOT / "events").glob("*.json")} == functions - WITHOUT_EVENT


def test_every_service_that_is_called_is_in_the_layer() -> None:
    from infra.packages import AWS_SERVICES

    called = {
        node.args[0].value
        for file in _python(CORE)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") in ("client", "create_client")
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert called
    assert called <= set(AWS_SERVICES)


def _reached_from(function: str) -> set[str]:
    """What a function imports from outside, by whatever way."""
    found: set[str] = set()
    files = {FUNCTIONS / f"{function}.py"}
    seen: set[Path] = set()
    while files := files - seen:
        seen |= files
        imports = [each for file in files for each in _imports(file)]
        found |= {each.top for each in imports}
        modules = {name for each in imports for name in (each.module, f"{each.module}.{each.name}")}
        paths = {CORE.parent / f"{name.replace('.', '/')}.py" for name in modules if name.startswith("counterfoil.")}
        files = {path for path in paths if path.is_file()}
    return found


def test_whoever_needs_documents_and_calendars_has_them_and_the_money_path_does_not() -> None:
    libraries = {"fpdf", "holidays"}
    given = {
        node.args[1].value
        for file in _python(INFRA / "areas")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Function"
        if any(keyword.arg == "makes_documents" for keyword in node.keywords)
    }
    functions = {file.stem for file in _python(FUNCTIONS)} - {"__init__"}
    assert {function for function in functions if _reached_from(function) & libraries} == given
    assert given & {"bank_webhook", "retailer_receipt", "match_receipts", "deliver_receipt"} == set()


@pytest.mark.parametrize(("folder", "longest"), [(CORE, 300), (INFRA, 300), (FUNCTIONS, 80)])
def test_modules_stay_short(folder: Path, longest: int) -> None:
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in _python(folder)}
    assert lengths
    assert {file: length for file, length in lengths.items() if length > longest} == {}


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
        for file in _tracked()
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
    imports = [each for folder in folders for file in _python(folder) for each in _imports(file)]
    unknown = [each for each in imports if each.top not in sys.stdlib_module_names | modules | OUR_MODULES]
    assert [str(each) for each in unknown] == []
