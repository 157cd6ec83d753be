"""What works: every function, queue and route with what belongs to it."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from counterfoil.openapi.operations import OPERATIONS
from tests.edge import PAGES
from tests.flows.withdrawal_races import ANSWERS_WITHIN
from tests.infra.synthesis import BANKS, Synthesis, ref

ROOT = Path(__file__).parents[2]
ALARMS_OF_A_FUNCTION = {"Errors", "Throttles", "Duration"}
# Every route, and who may call it: by a signed body, by a bank's access token with a scope, or anyone.
ROUTES = {f"{one.method} {one.path}": one.proof for one in OPERATIONS} | dict.fromkeys(PAGES, "public")


def _alarms(deployment: Synthesis, namespace: str, dimension: str) -> dict[str, set[str]]:
    """The metrics with an alarm that tells somebody, by the logical id of what they measure."""
    found: dict[str, set[str]] = {}
    for alarm in deployment.resources("CloudWatch::Alarm").values():
        for measured in alarm.get("Dimensions", []):
            if alarm["Namespace"] == namespace and measured["Name"] == dimension:
                assert alarm["AlarmActions"]
                found.setdefault(ref(measured["Value"]), set()).add(alarm["MetricName"])
    return found


def test_every_function_runs_alike(production: Synthesis) -> None:
    layers, with_documents = {"CoreLayer", "HotLayer"}, {"CoreLayer", "HotLayer", "DataLayer"}
    for name, function in production.functions().items():
        assert function["Runtime"] == "python3.13", name
        assert function["Architectures"] == ["arm64"], name
        assert function["TracingConfig"] == {"Mode": "Active"}, name
        assert {ref(layer)[:-8] for layer in function["Layers"]} in (layers, with_documents), name
        assert function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == name


def test_whoever_writes_a_customers_choice_ends_within_five_seconds(production: Synthesis, sandbox: Synthesis) -> None:
    """A withdrawal says when nothing is sent any more, counted from its beginning: it is written soon or never."""
    flows = (ROOT / "layers" / "core" / "python" / "counterfoil" / "flows").glob("*.py")
    # An erasure withdraws too, and tells nobody a time.
    assert {one.stem for one in flows if "consent.choose(" in one.read_text()} == {
        "disconnecting",
        "erasing",
        "linking",
    }
    chooses = re.compile(r"\b(consent\.choose|disconnecting\.disconnect|linking\.unlink)\(")
    writers = {one.stem for one in (ROOT / "functions").glob("*.py") if chooses.search(one.read_text())}
    assert {"consent_update", "customer_page", "disconnect_customer"} <= writers
    for deployment in (production, sandbox):
        for name in writers:
            assert deployment.functions()[name]["Timeout"] <= ANSWERS_WITHIN.total_seconds(), name


def test_the_sandbox_differs_only_by_settings(production: Synthesis, sandbox: Synthesis) -> None:
    assert {function["Architectures"][0] for function in sandbox.functions().values()} == {"x86_64"}
    for name, template in production.templates.items():
        here, there = _shape(template), _shape(sandbox.templates[name])
        assert here
        assert here == there


def _shape(template: Mapping[str, Any]) -> dict[str, str]:
    """Its resources' types. A layer's id ends in a hash of its content, which is left out."""
    return {
        re.sub(r"(?<=Layer)[0-9A-F]{8}$", "", name): resource["Type"]
        for name, resource in template["Resources"].items()
    }


def test_loopback_callbacks_are_for_the_sandbox_alone(production: Synthesis, sandbox: Synthesis) -> None:
    def loopback(deployment: Synthesis) -> set[str]:
        return {
            function["Environment"]["Variables"].get("ALLOW_LOOPBACK_CALLBACKS", "false")
            for function in deployment.functions().values()
        }

    assert loopback(production) == {"false"}
    assert loopback(sandbox) == {"false", "true"}


def test_every_function_has_its_alarms(production: Synthesis) -> None:
    alarms = _alarms(production, "AWS/Lambda", "FunctionName")
    functions = production.resources("Lambda::Function")
    assert functions
    by_name = {functions[each]["Handler"].removesuffix(".handler"): found for each, found in alarms.items()}
    # Of its checkpoints, that none is even tried must be heard of too.
    assert by_name == dict.fromkeys(by_name, ALARMS_OF_A_FUNCTION) | {
        "audit_checkpoint": ALARMS_OF_A_FUNCTION | {"Invocations"}
    }
    assert set(alarms) == set(functions)


def test_checkpoints_that_are_not_taken_are_heard_of(production: Synthesis) -> None:
    (behind,) = (
        each for each in production.resources("CloudWatch::Alarm").values() if each["MetricName"] == "Invocations"
    )
    assert (behind["TreatMissingData"], behind["ComparisonOperator"]) == ("breaching", "LessThanThreshold")
    assert behind["AlarmActions"]


@pytest.mark.parametrize(
    ("counted", "function"),
    [
        ("BankPaused", "probe_banks"),
        ("RoundBehind", "revisit_undecided"),
        ("RightsDeadlineNear", "rights_clock"),
        ("RightsOverdue", "rights_clock"),
        ("RightsByHand", "rights_worker"),
    ],
)
def test_somebody_hears_of_what_is_counted(production: Synthesis, counted: str, function: str) -> None:
    (alarm,) = (
        each
        for each in production.resources("CloudWatch::Alarm").values()
        if (each["Namespace"], each["MetricName"]) == ("Counterfoil", counted)
    )
    variables = production.functions()[function]["Environment"]["Variables"]
    assert alarm["Threshold"] == 1
    assert alarm["Dimensions"] == [{"Name": "service", "Value": variables["POWERTOOLS_SERVICE_NAME"]}]
    assert alarm["AlarmActions"]


def test_every_log_group_ends_and_is_encrypted(production: Synthesis) -> None:
    groups = production.resources("Logs::LogGroup")
    for name, group in groups.items():
        assert group["RetentionInDays"] <= 90, name
        assert "KmsKeyId" in group, name
    own = {ref(function["LoggingConfig"]["LogGroup"]) for function in production.functions().values()}
    assert len(own) == len(production.functions())
    assert own < set(groups)


def test_a_message_stays_invisible_six_times_as_long_as_its_function_may_run(either: Synthesis) -> None:
    queues, functions = either.resources("SQS::Queue"), either.resources("Lambda::Function")
    mappings = either.resources("Lambda::EventSourceMapping")
    assert len(mappings) == 4 + len(BANKS)
    for mapping in mappings.values():
        queue, function = queues[ref(mapping["EventSourceArn"])], functions[ref(mapping["FunctionName"])]
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]


def test_every_mapping_is_bounded_and_reports_each_failure(either: Synthesis) -> None:
    for mapping in either.resources("Lambda::EventSourceMapping").values():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2
        # A message about a file is minutes of work, one about a link or a right many calls; ten others go together.
        alone = ref(mapping["EventSourceArn"]).startswith(("Files", "Links", "Rights"))
        assert mapping["BatchSize"] == (1 if alone else 10)


def test_every_queue_is_encrypted_and_keeps_two_weeks(production: Synthesis) -> None:
    for name, queue in production.resources("SQS::Queue").items():
        assert "KmsMasterKeyId" in queue, name
        assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600, name


def test_every_queue_has_dead_letters_of_its_own_that_somebody_hears_of(
    production: Synthesis,
) -> None:
    queues = production.resources("SQS::Queue")
    alarms = _alarms(production, "AWS/SQS", "QueueName")
    work = {name: queue for name, queue in queues.items() if "RedrivePolicy" in queue}
    dead = {ref(queue["RedrivePolicy"]["deadLetterTargetArn"]) for queue in work.values()}
    assert len(dead) == len(work) == 4 + len(BANKS)
    assert dead == queues.keys() - work.keys()
    for name in work:
        assert "ApproximateAgeOfOldestMessage" in alarms[name], name
    for name in dead:
        assert "ApproximateNumberOfMessagesVisible" in alarms[name], name


def test_a_delivery_is_tried_for_at_least_three_days(production: Synthesis) -> None:
    waits = production.functions()["deliver_receipt"]["Environment"]["Variables"]["DELIVERY_WAITS"]
    seconds = [int(wait) for wait in waits.split(",")]
    assert sum(seconds) >= 3 * 24 * 3600
    assert max(seconds) <= 12 * 3600  # SQS hides a message no longer
    (tries,) = {
        queue["RedrivePolicy"]["maxReceiveCount"]
        for name, queue in production.resources("SQS::Queue").items()
        if name.startswith("Delivery") and "RedrivePolicy" in queue
    }
    assert tries == len(seconds) + 1


@pytest.mark.parametrize(
    ("policies", "subjects", "field"),
    [
        ("SQS::QueuePolicy", "SQS::Queue", "Queues"),
        ("S3::BucketPolicy", "S3::Bucket", "Bucket"),
        ("SNS::TopicPolicy", "SNS::Topic", "Topics"),
    ],
)
def test_only_tls(production: Synthesis, policies: str, subjects: str, field: str) -> None:
    closed = set()
    for policy in production.resources(policies).values():
        if any(_denies_plain_http(statement) for statement in policy["PolicyDocument"]["Statement"]):
            named = policy[field] if isinstance(policy[field], list) else [policy[field]]
            closed |= {ref(each) for each in named}
    assert closed == set(production.resources(subjects))


def _denies_plain_http(statement: dict[str, Any]) -> bool:
    return (
        statement["Effect"] == "Deny"
        and statement["Principal"] in ("*", {"AWS": "*"})
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    )


def test_every_route_is_described_and_every_described_route_is_deployed(production: Synthesis) -> None:
    deployed = {route["RouteKey"] for route in production.resources("ApiGatewayV2::Route").values()}
    advice = (
        "add an Operation to OPERATIONS (counterfoil/openapi/operations.py), or a page for people to PAGES "
        "(tests/edge.py)"
    )
    assert deployed - ROUTES.keys() == set(), advice
    assert ROUTES.keys() - deployed == set(), "described, but no area of infra/ has the route"


def test_every_route_lets_in_whom_it_should(production: Synthesis) -> None:
    for route in production.resources("ApiGatewayV2::Route").values():
        proof = ROUTES[route["RouteKey"]]
        if route["AuthorizationType"] == "JWT":
            assert route["AuthorizationScopes"] == [f"counterfoil/{bank}.{proof}" for bank in BANKS]
            assert "AuthorizerId" in route
        else:
            assert route["AuthorizationType"] == "NONE"
            assert proof in ("bank_signed", "signed", "path_secret", "token", "public")


def test_every_route_is_throttled(production: Synthesis) -> None:
    (stage,) = production.resources("ApiGatewayV2::Stage").values()
    assert stage["RouteSettings"].keys() == ROUTES.keys()
    for limits in (stage["DefaultRouteSettings"], *stage["RouteSettings"].values()):
        assert 0 < limits["ThrottlingRateLimit"] <= limits["ThrottlingBurstLimit"] <= 5000


def test_the_access_log_tells_the_route_and_nothing_of_the_caller(
    production: Synthesis,
) -> None:
    (stage,) = production.resources("ApiGatewayV2::Stage").values()
    line = json.loads(stage["AccessLogSettings"]["Format"])
    assert {"$context.routeKey", "$context.status", "$context.responseLatency"} <= set(line.values())
    for part in ("path", "ip", "user", "identity", "authorizer", "domain", "body"):
        assert not [value for value in line.values() if part in value.removeprefix("$context.").lower()]


def test_each_bank_has_a_client_for_its_own_scopes_only(production: Synthesis) -> None:
    clients = production.resources("Cognito::UserPoolClient")
    assert len(clients) == len(BANKS)
    for bank in BANKS:
        start = f"Client{bank.replace('-', '')}"
        (client,) = (each for name, each in clients.items() if name.startswith(start))
        assert client["AllowedOAuthFlows"] == ["client_credentials"]
        scopes = {scope["Fn::Join"][1][1] for scope in client["AllowedOAuthScopes"]}
        assert scopes == {f"/{bank}.{name}" for name in ("consents", "customers", "deliveries", "rights")}
