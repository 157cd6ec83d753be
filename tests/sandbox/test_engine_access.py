"""Who may do what: roles, TLS-only policies, secrets, keys and object versions."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.sandbox.engine import ACCOUNT, REGION, Engine
from tests.sandbox.engine_parts import allow, eventually, function, invoke, mended, name, queue, role, table

TLS_ONLY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def as_role(engine: Engine, service: str, *statements: dict[str, Any]) -> Any:
    """A client that may do what `statements` allow."""
    assumed = engine.client("sts").assume_role(RoleArn=role(engine, *statements), RoleSessionName="test")
    return engine.client(service, assumed["Credentials"])


def is_denied(call: Any, **arguments: Any) -> bool:
    try:
        call(**arguments)
    except ClientError as error:
        return "AccessDenied" in error.response["Error"]["Code"]
    return False


def test_a_role_may_do_what_it_is_granted_and_nothing_else(engine: Engine) -> None:
    mine, other = table(engine), table(engine)
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{mine}"
    dynamodb = as_role(engine, "dynamodb", allow("dynamodb:GetItem", arn))
    key = {"pk": {"S": "k"}, "sk": {"S": "a"}}
    assert not is_denied(dynamodb.get_item, TableName=mine, Key=key)
    assert is_denied(dynamodb.put_item, TableName=mine, Item=key)
    assert is_denied(dynamodb.get_item, TableName=other, Key=key)


def test_a_transaction_needs_the_permission_of_each_part(engine: Engine) -> None:
    mine = table(engine)
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{mine}"
    item = {"pk": {"S": "k"}, "sk": {"S": "a"}}
    put = [{"Put": {"TableName": mine, "Item": item}}]
    assert not is_denied(
        as_role(engine, "dynamodb", allow("dynamodb:PutItem", arn)).transact_write_items, TransactItems=put
    )
    assert is_denied(
        as_role(engine, "dynamodb", allow("dynamodb:GetItem", arn)).transact_write_items, TransactItems=put
    )


@mended("a mapping is read by the right to list them all, and changed by none")
def test_a_mapping_is_held_by_whoever_may_and_by_nobody_else(engine: Engine) -> None:
    _, arn = queue(engine)
    made = engine.client("lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName=function(engine, "def handler(event, context): pass")
    )
    mapping = {"UUID": made["UUID"]}
    mapping_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{made['UUID']}"
    may = as_role(
        engine, "lambda", allow(["lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping"], mapping_arn)
    )
    other = as_role(engine, "lambda", allow("lambda:ListEventSourceMappings"))
    assert not is_denied(may.get_event_source_mapping, **mapping)
    assert not is_denied(may.update_event_source_mapping, **mapping, Enabled=False)
    assert may.get_event_source_mapping(**mapping)["State"] in ("Disabled", "Disabling")
    assert is_denied(other.get_event_source_mapping, **mapping)
    assert is_denied(other.update_event_source_mapping, **mapping, Enabled=True)


def test_a_function_has_its_roles_rights(engine: Engine) -> None:
    url, arn = queue(engine)
    source = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    boto3.client('sqs').send_message(QueueUrl=event['url'], MessageBody='x')\n"
    )
    assert invoke(engine, function(engine, source, allow("sqs:SendMessage", arn)), {"url": url}) is None
    refused = invoke(engine, function(engine, source), {"url": url})
    assert "AccessDenied" in refused["errorMessage"]


@mended("a batch asks for an action that IAM does not know")
def test_who_may_send_a_message_may_send_a_batch(engine: Engine) -> None:
    url, arn = queue(engine)
    entries = [{"Id": "a", "MessageBody": "x"}]
    may, may_not = as_role(engine, "sqs", allow("sqs:SendMessage", arn)), as_role(engine, "sqs")
    assert not is_denied(may.send_message_batch, QueueUrl=url, Entries=entries)
    assert is_denied(may_not.send_message_batch, QueueUrl=url, Entries=entries)


@mended("an e-mail asks for a right on everything")
def test_an_email_is_sent_by_its_identity(engine: Engine) -> None:
    sender = f"{name('mail')}@counterfoil.example"
    engine.client("sesv2").create_email_identity(EmailIdentity=sender)
    identity = f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{sender}"
    only_from = {"StringEqualsIfExists": {"ses:FromAddress": sender}}
    may = as_role(engine, "sesv2", allow("ses:SendEmail", identity) | {"Condition": only_from})
    other = as_role(engine, "sesv2", allow("ses:SendEmail", f"{identity}x"))
    content = {"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}}
    mail = {"FromEmailAddress": sender, "Destination": {"ToAddresses": ["ann@example.org"]}, "Content": content}
    assert not is_denied(may.send_email, **mail)
    assert is_denied(other.send_email, **mail)


def test_a_wrong_signature_is_refused(engine: Engine) -> None:
    unknown = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "guess"}
    with pytest.raises(ClientError):
        engine.client("sqs", unknown).list_queues()


@mended("loopback is no secure transport")
def test_policies_that_demand_tls_take_loopback_for_it(engine: Engine) -> None:
    s3, bucket = engine.client("s3"), name("bucket")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    policy = json.dumps({"Version": "2012-10-17", "Statement": [TLS_ONLY]})
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    url, arn = queue(engine)
    engine.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    objects = as_role(engine, "s3", allow("s3:PutObject", f"arn:aws:s3:::{bucket}/*"))
    queues = as_role(engine, "sqs", allow("sqs:SendMessage", arn))
    assert not is_denied(objects.put_object, Bucket=bucket, Key="k", Body=b"x")
    assert not is_denied(queues.send_message, QueueUrl=url, MessageBody="x")


def test_other_denials_of_a_policy_still_hold(engine: Engine) -> None:
    never = TLS_ONLY | {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [never]})
    url, arn = queue(engine)
    engine.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    assert is_denied(as_role(engine, "sqs", allow("sqs:SendMessage", arn)).send_message, QueueUrl=url, MessageBody="x")


def test_a_new_secret_value_becomes_current_and_the_old_one_previous(engine: Engine) -> None:
    secrets = engine.client("secretsmanager")
    secret = f"counterfoil/webhooks/{name('bank')}"
    secrets.create_secret(Name=secret, SecretString="whsec_one")
    secrets.put_secret_value(SecretId=secret, SecretString="whsec_two")
    stages = {
        stage: secrets.get_secret_value(SecretId=secret, VersionStage=stage)["SecretString"]
        for stage in ("AWSCURRENT", "AWSPREVIOUS")
    }
    assert stages == {"AWSCURRENT": "whsec_two", "AWSPREVIOUS": "whsec_one"}
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        secrets.get_secret_value(SecretId="counterfoil/webhooks/none")


def test_secrets_are_granted_by_prefix(engine: Engine) -> None:
    secrets, bank = engine.client("secretsmanager"), name("bank")
    for kind in ("webhooks", "other"):
        secrets.create_secret(Name=f"counterfoil/{kind}/{bank}", SecretString="x")
    prefix = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:counterfoil/webhooks/*"
    reader = as_role(engine, "secretsmanager", allow("secretsmanager:GetSecretValue", prefix))
    assert not is_denied(reader.get_secret_value, SecretId=f"counterfoil/webhooks/{bank}")
    assert is_denied(reader.get_secret_value, SecretId=f"counterfoil/other/{bank}")


@mended("a reference to a secret is its name")
def test_a_stack_refers_to_a_secret_by_its_arn(engine: Engine) -> None:
    template = {
        "Resources": {"Sealing": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": name("secret")}}},
        "Outputs": {"Secret": {"Value": {"Ref": "Sealing"}}},
    }
    cloudformation, stack = engine.client("cloudformation"), name("stack")

    def created() -> dict[str, Any] | None:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        return dict(found) if found["StackStatus"] == "CREATE_COMPLETE" else None

    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps(template))
    (output,) = eventually(created)["Outputs"]
    assert output["OutputValue"].startswith(f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:")
    assert engine.client("secretsmanager").describe_secret(SecretId=output["OutputValue"])


def test_a_key_opens_only_what_it_closed_in_the_same_context(engine: Engine) -> None:
    kms = engine.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"salt", EncryptionContext={"for": "ledger"})["CiphertextBlob"]
    assert b"salt" not in sealed
    assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"for": "ledger"})["Plaintext"] == b"salt"
    with pytest.raises(kms.exceptions.InvalidCiphertextException):
        kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"for": "other"})


def test_an_object_keeps_its_versions_under_a_delete_marker(engine: Engine) -> None:
    s3, bucket = engine.client("s3"), name("bucket")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="receipt", Body=b"\x00one")["VersionId"]
    s3.put_object(Bucket=bucket, Key="receipt", Body=b"two")
    assert s3.get_object(Bucket=bucket, Key="receipt")["Body"].read() == b"two"
    s3.delete_object(Bucket=bucket, Key="receipt")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="receipt")
    assert s3.get_object(Bucket=bucket, Key="receipt", VersionId=first)["Body"].read() == b"\x00one"
    s3.delete_object(Bucket=bucket, Key="receipt", VersionId=first)
    with pytest.raises(ClientError, match="NoSuchVersion"):
        s3.get_object(Bucket=bucket, Key="receipt", VersionId=first)
