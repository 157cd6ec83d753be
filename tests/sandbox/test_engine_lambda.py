"""Functions run in the engine as they would under AWS's own Python runtime."""

from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

from infra.sandbox.engine import Engine
from tests.sandbox.engine_parts import eventually, function, invoke, mended, name, zipped

COUNTING = """
calls = 0

def handler(event, context):
    global calls
    calls += 1
    if event.get("fail"):
        raise LookupError("no such thing")
    return {"calls": calls, "aws_request_id": context.aws_request_id}
"""


@mended("every error is a Runtime.HandlerError")
def test_an_error_comes_with_its_type_and_stack(engine: Engine) -> None:
    error = invoke(engine, function(engine, COUNTING), {"fail": True})
    assert (error["errorType"], error["errorMessage"]) == ("LookupError", "no such thing")
    assert 'raise LookupError("no such thing")' in "".join(error["stackTrace"])


@mended("an exception throws the worker away")
def test_a_worker_survives_an_error(engine: Engine) -> None:
    counting = function(engine, COUNTING)
    invoke(engine, counting, {"fail": True})
    assert invoke(engine, counting)["calls"] == 2


def test_an_error_is_told_to_the_caller_as_unhandled(engine: Engine) -> None:
    answer = engine.client("lambda").invoke(FunctionName=function(engine, COUNTING), Payload=b'{"fail": true}')
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")


def test_a_function_is_stopped_at_its_timeout(engine: Engine) -> None:
    slow = function(engine, "import time\ndef handler(event, context):\n    time.sleep(60)\n", Timeout=1)
    assert "Task timed out after 1.00 seconds" in invoke(engine, slow)["errorMessage"]


def test_the_context_counts_down(engine: Engine) -> None:
    source = "def handler(event, context):\n    return context.get_remaining_time_in_millis()\n"
    assert 3000 < invoke(engine, function(engine, source, Timeout=4)) <= 4000


def test_a_module_that_fails_to_load_says_so(engine: Engine) -> None:
    error = invoke(engine, function(engine, "import missing_library\ndef handler(event, context): pass\n"))
    assert "missing_library" in error["errorMessage"]


def test_layers_come_before_the_runtime_and_after_the_function(engine: Engine) -> None:
    layer = engine.client("lambda").publish_layer_version(
        LayerName=name("layer"),
        Content={"ZipFile": zipped(python__ours="where = 'layer'", python__six="where = 'layer'", python__app="")},
    )
    source = "import ours, six\ndef handler(event, context):\n    return [ours.where, six.where]\n"
    assert invoke(engine, function(engine, source, Layers=[layer["LayerVersionArn"]])) == ["layer", "layer"]


@mended("a function sees every library of the engine's environment")
def test_a_library_that_no_layer_brings_is_missed(engine: Engine) -> None:
    source = (
        "from importlib.util import find_spec\n"
        "def handler(event, context):\n"
        "    return [bool(find_spec(name)) for name in ('boto3', 'ministack', 'cryptography')]\n"
    )
    assert invoke(engine, function(engine, source)) == [True, False, False]


def test_settings_and_region_reach_the_function_and_no_endpoint_but_the_engine(engine: Engine) -> None:
    source = (
        "import os\n"
        "NAMES = ('COLOUR', 'AWS_REGION', 'AWS_ENDPOINT_URL', 'AWS_LAMBDA_FUNCTION_NAME')\n"
        "def handler(event, context):\n    return [os.environ[name] for name in NAMES]\n"
    )
    made = function(engine, source, Environment={"Variables": {"COLOUR": "green"}})
    assert invoke(engine, made) == ["green", "eu-west-1", engine.endpoint, made]


def test_what_a_function_prints_is_in_its_log_group(engine: Engine) -> None:
    printing = function(engine, "def handler(event, context):\n    print('told', event['what'])\n")
    invoke(engine, printing, {"what": "once"})
    logs = engine.client("logs")

    def told() -> list[str]:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{printing}")["events"]
        return [event["message"] for event in events if "told once" in event["message"]]

    assert len(eventually(told)) == 1


@mended("every invocation waits 50 ms for log lines")
def test_a_warm_invocation_is_not_held_up(engine: Engine) -> None:
    counting, client = function(engine, COUNTING), engine.client("lambda")

    def seconds() -> float:
        start = perf_counter()
        client.invoke(FunctionName=counting)
        return perf_counter() - start

    assert min(seconds() for _ in range(15)) < 0.05


@mended("each of a burst of requests starts an interpreter of its own")
def test_a_burst_shares_the_workers_that_are_warm_first(engine: Engine) -> None:
    source = "import os, time\ntime.sleep(0.3)\ndef handler(event, context):\n    return os.getpid()\n"
    slow_to_start = function(engine, source)
    with ThreadPoolExecutor(24) as burst:
        workers = list(burst.map(lambda _: invoke(engine, slow_to_start), range(24)))
    assert all(isinstance(worker, int) for worker in workers)
    assert len(set(workers)) < 12
