"""The one construct for a Lambda function, and what it may do."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Acknowledgment, Aws, Duration, RemovalPolicy, Stack, Validations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.names import REGION
from infra.settings import Settings

READ_ITEM = ("dynamodb:GetItem", "dynamodb:BatchGetItem")
QUERY = ("dynamodb:Query",)
# A transaction needs the permission of each of its parts.
WRITE_ITEM = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem")


@dataclass(frozen=True)
class Platform:
    """What all functions of the app share."""

    settings: Settings
    code: lambda_.Code
    layers: Sequence[lambda_.ILayerVersion]
    documents: lambda_.ILayerVersion
    logs_key: kms.IKey
    secrets_key: kms.IKey
    alarms: sns.ITopic


class Function(Construct):
    """`functions/<name>.py`: its role, logs, tracing and alarms. It may nothing but what it is granted."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        platform: Platform,
        *,
        description: str,
        timeout_seconds: int = 10,
        memory_mb: int = 512,
        environment: dict[str, str] | None = None,
        makes_documents: bool = False,
    ) -> None:
        """`makes_documents`: it needs the libraries for PDF and calendars, which the money path does without."""
        super().__init__(scope, "".join(word.title() for word in name.split("_")))
        self._platform = platform
        self._timeout_seconds = timeout_seconds
        log_group = logs.LogGroup(
            self,
            "Logs",
            retention=logs.RetentionDays.ONE_MONTH,
            encryption_key=platform.logs_key,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.lambda_function = lambda_.Function(
            self,
            "Function",
            description=description,
            code=platform.code,
            handler=f"{name}.handler",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=platform.settings.machine,
            layers=[*platform.layers, *([platform.documents] if makes_documents else [])],
            role=self.role,
            timeout=Duration.seconds(timeout_seconds),
            memory_size=memory_mb,
            tracing=lambda_.Tracing.ACTIVE,
            log_group=log_group,
            environment={
                "POWERTOOLS_SERVICE_NAME": name,
                "POWERTOOLS_METRICS_NAMESPACE": "Counterfoil",
                **(environment or {}),
            },
        )
        self.allow(["logs:CreateLogStream", "logs:PutLogEvents"], log_group.log_group_arn)
        self._explain_wildcard("*", "X-Ray's two actions for sending traces know no resources.")
        Validations.of(self).acknowledge(
            Acknowledgment(
                id="AwsSolutions-L1",
                reason="Everything is tested with Python 3.13; no interpreter of 3.14 is at hand.",
            )
        )
        self._alarms()

    def allow(self, actions: Sequence[str], *resources: str, via: str | None = None) -> None:
        """`via`: the AWS service on whose behalf alone the key may be used, such as `dynamodb`."""
        conditions = {"StringEquals": {"kms:ViaService": f"{via}.{REGION}.amazonaws.com"}} if via else None
        self.role.add_to_policy(
            iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)
        )

    def use_table(self, table: dynamodb.Table, *actions: str) -> None:
        self.allow(actions, table.table_arn)
        self._use_key(table, writes=any(action in WRITE_ITEM for action in actions))

    def _use_key(self, table: dynamodb.Table, *, writes: bool) -> None:
        key_actions = [
            "kms:Decrypt",
            "kms:DescribeKey",
            *(["kms:Encrypt", "kms:GenerateDataKey"] if writes else []),
        ]
        self.allow(key_actions, table.encryption_key.key_arn, via="dynamodb")

    def use_index(self, table: dynamodb.Table, index: str) -> None:
        """Reads one index of a table, and nothing else of it."""
        self.allow(QUERY, f"{table.table_arn}/index/{index}")
        self._use_key(table, writes=False)

    def run_every(self, interval: str, description: str) -> None:
        """Starts it by itself at each `interval`, such as `15 minutes`. A start that failed is not tried again."""
        arn = self.lambda_function.function_arn
        role = iam.Role(self, "ScheduleRole", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
        role.add_to_policy(iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[arn]))
        scheduler.CfnSchedule(
            self,
            "Schedule",
            description=description,
            schedule_expression=f"rate({interval})",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=arn,
                role_arn=role.role_arn,
                input="{}",
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(maximum_retry_attempts=0),
            ),
        )

    def keep_pace(self, table: dynamodb.Table) -> None:
        """Counts what partners and tills send, and nothing else of that table."""
        self.lambda_function.add_environment("RENDEZVOUS_TABLE", table.table_name)
        only_rates = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["rate#*"]}}
        self.role.add_to_policy(
            iam.PolicyStatement(actions=["dynamodb:UpdateItem"], resources=[table.table_arn], conditions=only_rates)
        )
        self._use_key(table, writes=True)

    def keep_place(self, table: dynamodb.Table, name: str) -> None:
        """Notes how far a round of its own came, and nothing else of that table."""
        only_own = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [f"W#{name}"]}}
        self.role.add_to_policy(
            iam.PolicyStatement(actions=["dynamodb:PutItem"], resources=[table.table_arn], conditions=only_own)
        )
        self._use_key(table, writes=True)

    def use_bodies(self, bucket: s3.Bucket, *actions: str) -> None:
        """The bodies of receipts that are too large to lie in the ledger."""
        self.use_objects(bucket, "bodies/*", "Any receipt's body: its name is made at run time.", *actions)

    def use_objects(self, bucket: s3.Bucket, names: str, reason: str, *actions: str) -> None:
        """The objects whose name fits the pattern `names`; `reason` says why it is one."""
        self.allow(actions, bucket.arn_for_objects(names))
        self.allow(["kms:Decrypt", "kms:GenerateDataKey"], bucket.encryption_key.key_arn, via="s3")
        # The rule names the bucket as this stack will: by what the other stack exports.
        exported = Stack.of(bucket).resolve(Stack.of(bucket).export_value(bucket.bucket_arn))
        self._explain_wildcard(f"{exported['Fn::ImportValue']}/{names}", reason)

    def send_mail(self, sender: str) -> None:
        """E-mail from this one address, of an identity that ops have verified: the address or its domain."""
        stack = Stack.of(self)
        names = (sender, sender.partition("@")[2])
        identities = [stack.format_arn(service="ses", resource="identity", resource_name=name) for name in names]
        # AWS always tells it; the embedded engine never does.
        only_from = {"StringEqualsIfExists": {"ses:FromAddress": sender}}
        self.role.add_to_policy(
            iam.PolicyStatement(actions=["ses:SendEmail"], resources=identities, conditions=only_from)
        )

    def send_to(self, *queues: sqs.IQueue) -> None:
        self.allow(["sqs:SendMessage"], *(queue.queue_arn for queue in queues))
        keys = {queue.encryption_master_key.key_arn for queue in queues}
        self.allow(["kms:Decrypt", "kms:GenerateDataKey"], *keys, via="sqs")

    def take_from(self, *queues: sqs.IQueue) -> None:
        """Single messages by hand, where no mapping brings them."""
        actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"]
        self.allow(actions, *(queue.queue_arn for queue in queues))
        self.allow(["kms:Decrypt"], *{queue.encryption_master_key.key_arn for queue in queues}, via="sqs")

    def read_secret(self, name: str) -> None:
        """Of a secret only its name is known: its ARN ends in six characters drawn at its creation."""
        self._read_secrets(f"{name}-??????")

    def read_secrets_under(self, prefix: str) -> None:
        """Every secret whose name starts with `prefix`."""
        arn = self._read_secrets(f"{prefix}*")
        self._explain_wildcard(
            arn.replace(Aws.ACCOUNT_ID, "<AWS::AccountId>"),
            "Partners' secrets are named by registered data, not by the stack.",
        )

    def _read_secrets(self, name_pattern: str) -> str:
        arn = f"arn:aws:secretsmanager:{REGION}:{Aws.ACCOUNT_ID}:secret:{name_pattern}"
        self.allow(["secretsmanager:GetSecretValue"], arn)
        self.allow(["kms:Decrypt"], self._platform.secrets_key.key_arn, via="secretsmanager")
        return arn

    def _explain_wildcard(self, resource: str, reason: str) -> None:
        Validations.of(self).acknowledge(Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{resource}]", reason=reason))

    def _alarms(self) -> None:
        minute = Duration.minutes(1)
        function = self.lambda_function
        near_timeout = self._timeout_seconds * 1000 * 0.8
        for name, metric, threshold, periods in (
            ("Errors", function.metric_errors(period=minute), 1, 1),
            ("Throttles", function.metric_throttles(period=minute), 1, 3),
            ("Slow", function.metric_duration(period=minute, statistic="p99"), near_timeout, 3),
        ):
            alarm(self, name, self._platform.alarms, metric, threshold, periods)


def alarm(
    scope: Construct,
    name: str,
    topic: sns.ITopic,
    metric: cloudwatch.IMetric,
    threshold: float,
    periods: int = 1,
) -> None:
    """An alarm at or above `threshold` for `periods` in a row; no data is no alarm."""
    cloudwatch.Alarm(
        scope,
        f"{name}Alarm",
        metric=metric,
        threshold=threshold,
        evaluation_periods=periods,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    ).add_alarm_action(actions.SnsAction(topic))


def counted(name: str, function: str, period: Duration) -> cloudwatch.Metric:
    """What a function counted in each `period`."""
    return cloudwatch.Metric(
        namespace="Counterfoil",
        metric_name=name,
        dimensions_map={"service": function},
        period=period,
        statistic="Sum",
    )
