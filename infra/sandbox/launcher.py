"""Runs the embedded engine on loopback, with the gaps closed that Counterfoil would fall into.

Started by `engine.py` with the Python of the engine's own environment, as `python launcher.py <parent pid> [plain]`;
`plain` leaves every patch out, so that the conformance tests can show what each one mends. Ends by itself when the
parent is gone. The patches reach into one exact version of ministack, so it is asserted; `docs/engine.md` lists them.
"""

import functools
import importlib.metadata
import ipaddress
import json
import os
import shlex
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import ministack.app as app
from ministack.core import iam_actions, lambda_runtime
from ministack.services import dynamodb, lambda_svc, s3, sqs
from ministack.services.cloudformation import provisioners

VERSION = "1.5.33"
# What the managed Python runtime holds besides the standard library; functions see nothing else of ours.
RUNTIME_PACKAGES = (
    "awslambdaric", "boto3", "botocore", "dateutil", "jmespath", "runtime_client", "s3transfer",
    "simplejson", "six", "snapshot_restore_py", "urllib3",
)  # fmt: skip


def python_functions_run_under_the_real_runtime() -> None:
    """Gap: errors come without their type and stack, and one exception throws the worker away.

    ministack drives `provided.*` functions through the runtime API; a `bootstrap` beside the code
    lets AWS's own runtime client serve Python functions there.
    """
    packages = _runtime_packages()
    extract, environment = lambda_svc._provided_runtime_code_dir, lambda_svc._provided_worker_env
    choose = lambda_runtime._worker_class_for

    def code_dir(code_zip: bytes) -> str:
        folder = Path(extract(code_zip))
        with lambda_svc._provided_code_lock:
            if not (folder / "bootstrap").exists():
                start = f'exec {shlex.quote(sys.executable)} -S -m awslambdaric "$_HANDLER"\n'
                (folder / "bootstrap").write_text(f"#!/bin/sh\n{start}")
                (folder / "bootstrap").chmod(0o755)
        return str(folder)

    def worker_env(config: dict[str, Any], folder: str, port: int) -> dict[str, str]:
        env = environment(config, folder, port)
        layers = [lambda_svc._resolve_layer_zip(layer) for layer in config.get("Layers", [])]
        paths = [f"{extract(content)}/python" for content in reversed(layers) if content]
        logs = config.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
        return env | {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": logs,
            "PYTHONPATH": os.pathsep.join([*paths, packages]),
            "TZ": ":UTC",
        }

    def worker_class(config: dict[str, Any]) -> type:
        python = str(config.get("Runtime", "")).startswith("python")
        return lambda_runtime.ProvidedWorker if python else choose(config)

    lambda_svc._provided_runtime_code_dir = code_dir
    lambda_svc._provided_worker_env = worker_env
    lambda_runtime._worker_class_for = worker_class
    lambda_svc._execute_function_warm = lambda_svc._execute_function_provided_warm


def _runtime_packages() -> str:
    """A folder of links to RUNTIME_PACKAGES, so that a library missing from our layer is missed."""
    folder = Path(tempfile.mkdtemp(prefix="runtime-"))
    site = Path(importlib.metadata.distribution("ministack").locate_file(""))
    for name in RUNTIME_PACKAGES:
        found = next(path for path in site.glob(f"{name}*") if path.name.split(".")[0] == name)
        (folder / found.name).symlink_to(found)
    return str(folder)


def invocations_are_not_held_up() -> None:
    """Gap: every invocation waits 50 ms for log lines, and up to 40 ms for a delayed TCP ACK."""
    drain = lambda_runtime.Worker._drain_stderr_bounded
    lambda_runtime.Worker._drain_stderr_bounded = functools.partialmethod(
        drain, first_line_wait=0.003, idle_confirm=0.002
    )
    BaseHTTPRequestHandler.disable_nagle_algorithm = True


def bursts_wait_for_a_warm_worker() -> None:
    """Gap: fifty requests at once start fifty interpreters at once, and all of them time out.

    As many start together as there are processors; meanwhile a request takes any worker that comes free.
    """
    acquire, spawn = lambda_runtime.acquire_worker, lambda_runtime.ProvidedWorker._spawn
    starting = threading.Semaphore(os.cpu_count() or 1)

    def acquire_or_wait(name: str, config: dict[str, Any], code: bytes, qualifier: str = "$LATEST") -> Any:
        key = lambda_runtime._worker_key(name, config, qualifier)
        may_start = False
        while not may_start and all(worker.in_use for worker in lambda_runtime._workers.get(key, ())):
            may_start = starting.acquire(timeout=0.01)
        worker, how = acquire(name, config, code, qualifier=qualifier)
        worker.may_start = may_start and how == "spawn"
        if may_start and not worker.may_start:
            starting.release()
        return worker, how

    def start(worker: Any, init_timeout: float | None = None) -> None:
        try:
            spawn(worker, init_timeout)
        finally:
            if worker.may_start:
                worker.may_start = False
                starting.release()

    lambda_svc.acquire_worker = acquire_or_wait
    lambda_runtime.ProvidedWorker._spawn = start


def a_failed_function_is_not_told_to_its_caller() -> None:
    """Gap: the HTTP API answers 502 with the exception and its stack, where AWS says 500 and no more."""
    answer = lambda_svc.lambda_execute_result_to_api_proxy_response

    def shaped(result: dict[str, Any]) -> Any:
        if result.get("error") and not result.get("throttle"):
            return {"statusCode": 500, "body": '{"message":"Internal Server Error"}'}, None
        return answer(result)

    lambda_svc.lambda_execute_result_to_api_proxy_response = shaped


def loopback_counts_as_secure() -> None:
    """Gap: policies that demand TLS (`aws:SecureTransport`) deny the engine's plain loopback HTTP."""
    pin = app.pin_request_origin

    def pin_origin(source: str, secure: bool) -> None:
        pin(source, secure or ipaddress.ip_address(source).is_loopback)

    app.pin_request_origin = pin_origin


def reads_are_counted_in_4_kb() -> None:
    """Gap: every GetItem and Query counts as one item of up to 4 KB, and BatchGetItem counts nothing."""
    count, paginate, batch_get = (
        dynamodb._add_consumed_capacity, dynamodb._paginate_evaluated_items, dynamodb._batch_get_item,
    )  # fmt: skip
    evaluated = threading.local()

    def page(items: Any, limit: Any, table: Any, index: str | None = None) -> Any:
        found, more = paginate(items, limit, table, index)
        entries = (dynamodb._apply_index_projection(item, table, index) if index else item for item in found)
        evaluated.size = sum(map(dynamodb._item_size_bytes, entries))
        return found, more

    def add(result: dict[str, Any], data: dict[str, Any], name: str, **options: Any) -> None:
        count(result, data, name, **options)
        if "ConsumedCapacity" not in result or options.get("write"):
            return
        item = dynamodb._get_item_by_key(dynamodb._tables[name], data["Key"]) if "Key" in data else None
        size = dynamodb._item_size_bytes(item or {}) if "Key" in data else evaluated.size
        _multiply(result["ConsumedCapacity"], max(1, -(-size // 4096)))

    def batch(data: dict[str, Any]) -> Any:
        status, headers, body = batch_get(data)
        if status != 200 or data.get("ReturnConsumedCapacity", "NONE") == "NONE":
            return status, headers, body
        consumed = []
        for name, request in data["RequestItems"].items():
            table = dynamodb._tables[dynamodb._normalize_table_name(name)]
            entry: dict[str, Any] = {"TableName": name, "CapacityUnits": 0.0}
            for key in request["Keys"]:
                size = dynamodb._item_size_bytes(dynamodb._get_item_by_key(table, key) or {})
                unit = 1.0 if request.get("ConsistentRead") else 0.5
                entry["CapacityUnits"] += unit * max(1, -(-size // 4096))
            if data["ReturnConsumedCapacity"] == "INDEXES":
                entry["Table"] = {"CapacityUnits": entry["CapacityUnits"]}
            consumed.append(entry)
        return status, headers, json.dumps(json.loads(body) | {"ConsumedCapacity": consumed}).encode()

    dynamodb._paginate_evaluated_items = page
    dynamodb._add_consumed_capacity = add
    dynamodb._batch_get_item = batch


def _multiply(capacity: dict[str, Any], factor: int) -> None:
    for key, value in capacity.items():
        if isinstance(value, dict):
            _multiply(value, factor)
        elif key == "CapacityUnits":
            capacity[key] = value * factor


def waits_over_the_limit_are_refused() -> None:
    """Gap: a message may be delayed, or hidden again, for longer than SQS allows."""

    def limited(action: Callable[..., Any], field: str, limit: int) -> Callable[..., Any]:
        def run(data: dict[str, Any], url: str) -> Any:
            if int(data.get(field) or 0) > limit:
                raise sqs._Err("InvalidParameterValue", f"{field} must be between 0 and {limit}")
            return action(data, url)

        return run

    send = limited(sqs._act_send_message, "DelaySeconds", 900)
    sqs._act_send_message = sqs._HANDLERS["SendMessage"] = send
    hide = limited(sqs._act_change_visibility, "VisibilityTimeout", 12 * 3600)
    sqs._HANDLERS["ChangeMessageVisibility"] = hide


def actions_are_called_as_in_iam() -> None:
    """Gap: a batch asks a policy for `sqs:SendMessageBatch`, unknown to IAM, one mapping for `List…` or nothing; an
    e-mail by SES v2 for a right on everything, not on the sender's identity."""
    extract, resource = iam_actions.extract_iam_action, iam_actions._ses_v2_resource_arn

    def action(service: str, method: str, path: str, *request: Any) -> str | None:
        if service == "lambda" and path.partition("/event-source-mappings/")[2]:
            return f"lambda:{'Get' if method == 'GET' else 'Update'}EventSourceMapping"
        found = extract(service, method, path, *request)
        return found.removesuffix("Batch") if service == "sqs" and found else found

    def arn(method: str, path: str, body: bytes, *place: str) -> str:
        if not path.startswith("/v2/email/outbound-emails"):
            return resource(method, path, body, *place)
        return f"arn:aws:ses:{':'.join(place)}:identity/{json.loads(body).get('FromEmailAddress', '')}"

    iam_actions.extract_iam_action, iam_actions._ses_v2_resource_arn = action, arn


def a_secret_is_referred_to_by_its_arn() -> None:
    """Gap: `Ref` of a secret is its name, so that policies for it, which take an ARN, never match."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    def name(arn: str) -> str:
        return arn.split(":")[-1].rsplit("-", 1)[0]

    def by_arn(made: tuple[str, dict[str, str]]) -> tuple[str, dict[str, str]]:
        return made[1]["Arn"], made[1]

    handlers["create"] = lambda *args: by_arn(create(*args))
    handlers["update"] = lambda arn, *args, **named: by_arn(update(name(arn), *args, **named))
    handlers["delete"] = lambda arn, *args: delete(name(arn), *args)


def a_version_is_read_in_ranges() -> None:
    """Gap: whoever asks for a range of an object's version gets all of it."""
    get = s3._get_object

    def ranged(bucket: str, key: str, headers: dict[str, str], query: Any = None) -> Any:
        status, told, body = get(bucket, key, headers, query)
        if status != 200 or "range" not in headers or "versionId" not in (query or {}):
            return status, told, body
        first, last = s3._parse_range(headers["range"], len(body))
        told = {name: value for name, value in told.items() if "checksum" not in name.lower()}
        told |= {"Content-Length": str(last + 1 - first), "Content-Range": f"bytes {first}-{last}/{len(body)}"}
        return 206, told, body[first : last + 1]

    s3._get_object = ranged


PATCHES = (
    python_functions_run_under_the_real_runtime, invocations_are_not_held_up, bursts_wait_for_a_warm_worker,
    a_failed_function_is_not_told_to_its_caller, loopback_counts_as_secure, reads_are_counted_in_4_kb,
    waits_over_the_limit_are_refused, actions_are_called_as_in_iam, a_secret_is_referred_to_by_its_arn,
    a_version_is_read_in_ranges,
)  # fmt: skip


def _end_with(parent: int) -> None:
    """Stops this process once its parent is gone: a killed demo must leave no engine behind."""
    while os.getppid() == parent:
        time.sleep(0.5)
    shutil.rmtree(tempfile.gettempdir(), ignore_errors=True)  # our own, given by the parent
    os.kill(os.getpid(), signal.SIGTERM)


def main(parent: int, plain: bool) -> None:
    if (found := importlib.metadata.version("ministack")) != VERSION:
        sys.exit(f"the patches are written for ministack {VERSION}, but {found} is installed")
    if not plain:
        for patch in PATCHES:
            patch()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    sys.argv = sys.argv[:1]  # ministack reads its own arguments
    app.main()


if __name__ == "__main__":
    main(int(sys.argv[1]), "plain" in sys.argv[2:])
