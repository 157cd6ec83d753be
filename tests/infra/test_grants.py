"""Who may do what: every permission of every function."""

from collections.abc import Iterator
from typing import Any

from tests import edge
from tests.infra.synthesis import BANKS, Synthesis, ref

WRITES = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
# Called by anyone who can reach the API: they may change nothing themselves.
PAGES = set(edge.PAGES.values())
READERS = (
    "bank_webhook",
    "retailer_receipt",
    "delivery_status",
    "merchant_api",
    "customer_receipts",
    "customer_receipts_page",
)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _statements(deployment: Synthesis) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each with the name of the function whose it is, or the logical id of another role."""
    of_role = {ref(function["Role"]): name for name, function in deployment.functions().items()}
    for policy in deployment.resources("IAM::Policy").values():
        (role,) = policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            yield of_role.get(ref(role), ref(role)), statement


def _actions(deployment: Synthesis, function: str) -> set[str]:
    own = [each for name, each in _statements(deployment) if name == function]
    return {action for each in own for action in _listed(each["Action"])}


def test_every_function_has_a_role_of_its_own_without_ready_made_policies(production: Synthesis) -> None:
    roles = [ref(function["Role"]) for function in production.functions().values()]
    assert len(set(roles)) == len(roles)
    for role in production.resources("IAM::Role").values():
        assert "ManagedPolicyArns" not in role
        assert "Policies" not in role


def test_no_action_is_a_wildcard(production: Synthesis) -> None:
    actions = {action for _, each in _statements(production) for action in _listed(each["Action"])}
    assert "sqs:SendMessage" in actions
    assert [action for action in actions if "*" in action] == []


def test_only_traces_are_sent_to_no_resource_in_particular(production: Synthesis) -> None:
    unbounded = [each for _, each in _statements(production) if "*" in _listed(each["Resource"])]
    actions = {action for each in unbounded for action in _listed(each["Action"])}
    assert actions == {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


def test_keys_are_used_through_their_services_only(production: Synthesis) -> None:
    for name, each in _statements(production):
        direct = [action for action in _listed(each["Action"]) if action.startswith("kms:")]
        via = each.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService", "")
        by_mapping = all(ref(resource).startswith("Key") for resource in _listed(each["Resource"]) if direct)
        assert not direct or via or (direct == ["kms:Decrypt"] and by_mapping), name


def test_readers_change_no_record(production: Synthesis) -> None:
    """But for the counts of what partners send."""
    for name in READERS:
        own = [each for reader, each in _statements(production) if reader == name and not _only_counts(each)]
        assert {action for each in own for action in _listed(each["Action"])} & WRITES == set(), name


def test_who_explains_only_reads_and_is_called_by_nobody_but_ops(production: Synthesis) -> None:
    actions = {one for one in _actions(production, "inspect_matching") if one.partition(":")[0] in ("dynamodb", "s3")}
    assert actions == {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}
    own = [each for name, each in _statements(production) if name == "inspect_matching"]
    on_rendezvous = [each["Action"] for each in own if "Rendezvous" in str(each["Resource"])]
    assert on_rendezvous == ["dynamodb:Query"]
    functions = {name: each["Handler"] for name, each in production.resources("Lambda::Function").items()}
    callers = [functions[ref(each["FunctionName"])] for each in production.resources("Lambda::Permission").values()]
    assert "bank_webhook.handler" in callers
    assert "inspect_matching.handler" not in callers


def _only_counts(statement: dict[str, Any]) -> bool:
    only_rates = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["rate#*"]}}
    return statement["Action"] == "dynamodb:UpdateItem" and statement.get("Condition") == only_rates


def test_whoever_takes_a_partners_calls_counts_them(production: Synthesis) -> None:
    counters = {name for name, each in _statements(production) if _only_counts(each)}
    banks = {"bank_webhook", "consent_update", "customer_api", "customer_receipts"}
    banks |= {"delivery_status", "disconnect_customer", "resend_delivery", "rights_api", "customer_link_page"}
    assert counters == banks | {"retailer_receipt", "receipt_files", "receipt_file_rows"}
    for name in counters:
        assert "RENDEZVOUS_TABLE" in production.functions()[name]["Environment"]["Variables"]


def test_only_consents_and_their_readers_see_a_salt(production: Synthesis) -> None:
    seers = {
        name
        for name, each in _statements(production)
        if "Salts" in str(each["Resource"]) and each["Action"] != "dynamodb:DeleteItem"
    }
    assert seers == {
        "bank_webhook",
        "deliver_receipt",
        "probe_banks",
        "consent_update",
        "customer_api",
        "customer_receipts",
        *PAGES,
        "linked_accounts",
        "rights_worker",
        "rights_api",
        "rights_clock",
        "audit_desk",
        "inspect_matching",
        "apply_erasures",
    }


def test_secrets_go_to_those_who_verify_sign_or_seal(production: Synthesis) -> None:
    def readers(part: str) -> set[str]:
        return {name for name, each in _statements(production) if part in str(each["Resource"])}

    both = {"bank_webhook", "retailer_receipt", "deliver_receipt", "probe_banks"}
    assert readers("counterfoil/webhooks/*") == both | {"receipt_files"}
    assert readers("counterfoil/sealing-??????") == both | {
        *("match_receipts", "consent_update", "receipt_file_rows", "linked_accounts"),
        *PAGES,
        *("rights_worker", "rights_api", "rights_clock", "inspect_matching", "audit_checkpoint", "audit_desk"),
        *("customer_api", "customer_receipts", "disconnect_customer", "legal_holds", "apply_erasures"),
    }
    assert readers("counterfoil/oauth/*") == {"deliver_receipt", "probe_banks", "customer_sign_in", "linked_accounts"}


def test_large_bodies_are_written_by_the_intake_discarded_by_the_matcher_and_read_by_the_delivery(
    production: Synthesis,
) -> None:
    found = {
        (name, action)
        for name, each in _statements(production)
        for action in _listed(each["Action"])
        if action.startswith("s3:") and "bodies/*" in str(each["Resource"])
    }
    assert found == {
        ("retailer_receipt", "s3:PutObject"),
        ("receipt_file_rows", "s3:PutObject"),
        ("match_receipts", "s3:DeleteObject"),
        ("retention_sweep", "s3:DeleteObjectVersion"),
        ("deliver_receipt", "s3:GetObject"),
        ("customer_receipts", "s3:GetObject"),
        ("customer_receipts_page", "s3:GetObject"),
        ("probe_banks", "s3:GetObject"),
        ("rights_worker", "s3:GetObject"),
        ("rights_worker", "s3:DeleteObject"),
        ("rights_worker", "s3:DeleteObjectVersion"),
    }


def test_a_schedule_calls_its_function_and_nothing_else(production: Synthesis) -> None:
    functions = {name: each["Handler"] for name, each in production.resources("Lambda::Function").items()}
    found = {}
    for schedule in production.resources("Scheduler::Schedule").values():
        target = schedule["Target"]
        found[functions[ref(target["Arn"])]] = schedule["ScheduleExpression"]
        (own,) = (each for name, each in _statements(production) if name == ref(target["RoleArn"]))
        assert (own["Action"], own["Resource"]) == ("lambda:InvokeFunction", target["Arn"])
    assert found == {
        "probe_banks.handler": "rate(1 minute)",
        "revisit_undecided.handler": "rate(15 minutes)",
        "audit_checkpoint.handler": "rate(1 hour)",
        "rights_clock.handler": "rate(1 hour)",
        "retention_sweep.handler": "rate(1 hour)",
    }


def test_whoever_revisits_payments_reads_one_index_and_deletes_nothing_but_pointers(production: Synthesis) -> None:
    found = {
        (action, table, str(each["Resource"]).partition("/index/")[2].rstrip("'\"]}"))
        for name, each in _statements(production)
        if name == "revisit_undecided"
        for action in _listed(each["Action"])
        for table in ("Ledger", "Rendezvous", "Salts")
        if action.startswith("dynamodb:") and f"GetAtt{table}" in str(each["Resource"])
    }
    assert found == {
        ("dynamodb:GetItem", "Ledger", ""),
        ("dynamodb:PutItem", "Ledger", ""),
        ("dynamodb:Query", "Ledger", "by_due"),
        ("dynamodb:DeleteItem", "Rendezvous", ""),
    }


def test_who_checks_the_audit_trail_can_change_nothing_of_it(production: Synthesis) -> None:
    own = [each for name, each in _statements(production) if name == "audit_checkpoint"]
    writing = [each for each in own if set(_listed(each["Action"])) & WRITES]
    assert [each["Condition"] for each in writing] == [
        {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["W#checkpoints"]}}
    ]
    assert {action for each in own for action in _listed(each["Action"]) if action.startswith("s3:")} == {
        *("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectRetention"),
        *("s3:ListBucket", "s3:ListBucketVersions"),
    }


def test_nobody_deletes_a_checkpoint_or_opens_its_lock(production: Synthesis) -> None:
    """Nor anyone but the function that takes them writes one."""
    found = [
        (name, action)
        for name, each in _statements(production)
        if "Checkpoints" in str(each["Resource"])
        for action in _listed(each["Action"])
    ]
    assert found
    assert {name for name, _ in found} == {"audit_checkpoint"}
    assert not {"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"} & {a for _, a in found}


def test_whoever_sweeps_reads_nothing_that_is_sealed_and_whoever_holds_deletes_no_more_than_holds(
    production: Synthesis,
) -> None:
    sweeping, holding = _actions(production, "retention_sweep"), _actions(production, "legal_holds")
    assert {one for one in sweeping if one.startswith("s3:")} == {"s3:DeleteObjectVersion", "s3:ListBucketVersions"}
    assert not [one for one in sweeping | holding if one.startswith("sqs:")]
    assert "secretsmanager:GetSecretValue" not in sweeping
    (of_salts,) = (
        each["Action"]
        for name, each in _statements(production)
        if name == "retention_sweep" and "Salts" in str(each["Resource"])
    )
    assert of_salts == "dynamodb:DeleteItem"
    assert {one for one in holding if one.startswith("dynamodb:")} == {
        *("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"),
        *("dynamodb:PutItem", "dynamodb:DeleteItem"),
    }
    (query,) = (
        each
        for name, each in _statements(production)
        if name == "legal_holds" and "dynamodb:Query" in _listed(each["Action"])
    )
    assert "/index/by_due" in str(query["Resource"])


def test_whoever_moves_a_request_may_place_its_hold_and_end_it(production: Synthesis) -> None:
    for name in ("rights_api", "rights_clock", "rights_worker", "customer_data_page", "customer_link_page"):
        on_ledger = {
            action
            for who, each in _statements(production)
            if who == name and "GetAttLedger" in str(each["Resource"])
            for action in _listed(each["Action"])
        }
        assert on_ledger >= {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"}, name


def test_a_day_without_a_certificate_is_an_alarm(production: Synthesis) -> None:
    (own,) = (one for one in production.resources("CloudWatch::Alarm").values() if one.get("MetricName") == "SweepDone")
    assert own["TreatMissingData"] == "breaching"
    assert own["ComparisonOperator"] == "LessThanThreshold"
    assert own["Period"] * own["EvaluationPeriods"] == 24 * 3600


def test_only_the_banks_own_mappings_are_held_and_released(production: Synthesis) -> None:
    mappings = {
        name
        for name, mapping in production.resources("Lambda::EventSourceMapping").items()
        if ref(mapping["EventSourceArn"]).startswith("Delivery")
    }
    [(name, own)] = [
        (name, each) for name, each in _statements(production) if "lambda:UpdateEventSourceMapping" in each["Action"]
    ]
    assert name == "probe_banks"
    assert {
        part["Ref"] for one in own["Resource"] for part in one["Fn::Join"][1] if "Ref" in part
    } & mappings == mappings
    assert len(own["Resource"]) == len(mappings) == len(BANKS)
