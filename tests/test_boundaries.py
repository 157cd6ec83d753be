"""The rooms keep to themselves, and nothing that belongs together is half there."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.source import CORE, FUNCTIONS, INFRA, ROOT, imports_of, python_files

# What a room may import beside the standard library and itself. A module is a room where it stands alone.
MAY_IMPORT = {
    "errors": set[str](),
    # holidays for the one module of legal clocks, jiter for the one that reads JSON.
    "domain": {"pydantic", "jiter", "counterfoil.errors", "holidays"},
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


def _room(file: Path) -> str:
    return file.relative_to(CORE).parts[0].removesuffix(".py")


def test_every_room_is_one_of_the_table() -> None:
    assert {_room(file) for file in python_files(CORE)} - {"__init__"} == set(MAY_IMPORT)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_what_it_may(room: str) -> None:
    allowed = MAY_IMPORT[room] | {f"counterfoil.{room}"}
    files = [file for file in python_files(CORE) if _room(file) == room]
    imports = [each for file in files for each in imports_of(file) if each.top not in sys.stdlib_module_names]
    assert files
    assert [str(each) for each in imports if not each.within(allowed)] == []


def test_decisions_are_pure() -> None:
    for file in python_files(CORE / "domain"):
        assert [str(each) for each in imports_of(file) if each.top in IMPURE_MODULES] == []
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", None))
                assert called not in IMPURE_CALLS, f"{file}:{node.lineno}"


def test_functions_start_and_import_neither_boto3_nor_each_other() -> None:
    imports = [each for file in python_files(FUNCTIONS) for each in imports_of(file)]
    assert imports
    outside = [each for each in imports if each.top not in sys.stdlib_module_names]
    assert [str(each) for each in outside if not each.within(FUNCTIONS_MAY_IMPORT)] == []


def test_nothing_that_runs_knows_the_description() -> None:
    rooms = [file for file in python_files(CORE) if _room(file) != "openapi"]
    imports = [each for file in [*rooms, *python_files(FUNCTIONS)] for each in imports_of(file)]
    assert [str(each) for each in imports if each.within({"counterfoil.openapi"})] == []


def test_functions_leave_errors_to_the_runtime() -> None:
    """One table maps errors to answers; a handler with a table of its own would differ from it."""
    for file in python_files(FUNCTIONS):
        tries = [node.lineno for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Try)]
        assert tries == [], file


def test_only_one_module_writes_to_the_log() -> None:
    """What is told by `observe` cannot be about people; anything else that writes could."""
    writers = {"logging", "warnings", "syslog", "pprint", "faulthandler", "aws_lambda_powertools"}
    for file in [*python_files(CORE), *python_files(FUNCTIONS)]:
        if file == CORE / "runtime" / "observe.py":
            continue
        assert [str(each) for each in imports_of(file) if each.top in writers] == []
        for node in ast.walk(ast.parse(file.read_text())):
            named = getattr(node, "id", getattr(node, "attr", None))
            is_writing = named in ("print", "stdout", "stderr", "print_exc", "print_exception")
            assert not is_writing or file.parent.name == "openapi", f"{file}:{getattr(node, 'lineno', 0)} {named}"


def test_no_error_leaves_a_function_with_its_words() -> None:
    """A handler is made by `api`, or decorated with `observe.nameless`: else the runtime prints the error's message."""
    for file in python_files(FUNCTIONS):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name == "handler":
                assert [ast.unparse(each) for each in node.decorator_list] == ["observe.nameless"], file
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "handler":
                assert ast.unparse(node.value).startswith(("api.endpoint(", "api.pages(")), file


def test_what_is_counted_has_the_name_of_a_metric() -> None:
    from counterfoil.runtime.observe import is_metric

    names = [
        part
        for file in [*python_files(CORE), *python_files(FUNCTIONS)]
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
    files = [file for file in python_files(INFRA) if REPLAY not in file.parents]
    imports = [each for file in files for each in imports_of(file) if each.top == "counterfoil"]
    assert [str(each) for each in imports if each.name not in DATA_FOR_INFRA] == []


def test_the_replay_decides_with_the_application_and_keeps_its_own_records() -> None:
    imports = [each for file in python_files(REPLAY) for each in imports_of(file) if each.top == "counterfoil"]
    assert imports
    assert [str(each) for each in imports if not each.within(REPLAY_MAY_IMPORT)] == []


def test_only_the_sandbox_uses_the_sandbox() -> None:
    files = [file for file in python_files(INFRA) if "sandbox" not in file.relative_to(INFRA).parts]
    imports = [each for file in [*files, *python_files(CORE), *python_files(FUNCTIONS)] for each in imports_of(file)]
    assert [str(each) for each in imports if each.within({"infra.sandbox"})] == []


def test_every_function_is_deployed_and_nothing_else_is() -> None:
    deployed = [
        node.args[1].value
        for file in python_files(INFRA / "areas")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Function"
    ]
    assert len(set(deployed)) == len(deployed)
    assert set(deployed) == {file.stem for file in python_files(FUNCTIONS)} - {"__init__"}


def test_every_function_has_an_event_and_every_event_a_function() -> None:
    functions = {file.stem for file in python_files(FUNCTIONS)} - {"__init__"}
    assert functions >= WITHOUT_EVENT
    assert {file.name.split(".")[0] for file in (ROOT / "events").glob("*.json")} == functions - WITHOUT_EVENT


def test_every_service_that_is_called_is_in_the_layer() -> None:
    from infra.packages import AWS_SERVICES

    called = {
        node.args[0].value
        for file in python_files(CORE)
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
        imports = [each for file in files for each in imports_of(file)]
        found |= {each.top for each in imports}
        modules = {name for each in imports for name in (each.module, f"{each.module}.{each.name}")}
        paths = {CORE.parent / f"{name.replace('.', '/')}.py" for name in modules if name.startswith("counterfoil.")}
        files = {path for path in paths if path.is_file()}
    return found


def test_whoever_needs_documents_and_calendars_has_them_and_the_money_path_does_not() -> None:
    libraries = {"fpdf", "holidays"}
    given = {
        node.args[1].value
        for file in python_files(INFRA / "areas")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Function"
        if any(keyword.arg == "makes_documents" for keyword in node.keywords)
    }
    functions = {file.stem for file in python_files(FUNCTIONS)} - {"__init__"}
    assert {function for function in functions if _reached_from(function) & libraries} == given
    assert given & {"bank_webhook", "retailer_receipt", "match_receipts", "deliver_receipt"} == set()


@pytest.mark.parametrize(("folder", "longest"), [(CORE, 300), (INFRA, 300), (FUNCTIONS, 80)])
def test_modules_stay_short(folder: Path, longest: int) -> None:
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in python_files(folder)}
    assert lengths
    assert {file: length for file, length in lengths.items() if length > longest} == {}
