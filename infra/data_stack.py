"""What must outlive any deployment: keys, tables, buckets, secrets and the partners' user pool."""

from collections.abc import Sequence
from datetime import timedelta

from aws_cdk import Acknowledgment, CfnOutput, Duration, RemovalPolicy, Stack, Validations
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from counterfoil.domain.records import RECORDS
from infra.names import SEALING_SECRET, SECRETS_KEY_ALIAS


class DataStack(Stack):
    """Keys rotate, tables and buckets are kept when the stack goes, and tables refuse to be deleted."""

    def __init__(self, scope: Construct, name: str, **stack: object) -> None:
        super().__init__(scope, name, description="Counterfoil: what is kept", **stack)
        self.records_key = self._key("RecordsKey", "Counterfoil: tables and receipts", "alias/counterfoil-records")
        self.secrets_key = self._key("SecretsKey", "Counterfoil: secrets", SECRETS_KEY_ALIAS)
        self.ledger = self._table("Ledger", sort_key=True, ttl=True, recovery_days=35)
        self._index("by_subject", "subject", ("at", dynamodb.AttributeType.NUMBER))
        self._index("by_due", "due", ("pk", dynamodb.AttributeType.STRING))
        self.rendezvous = self._table("Rendezvous", sort_key=True, ttl=True)
        Validations.of(self.rendezvous).acknowledge(
            Acknowledgment(
                id="AwsSolutions-DDB3",
                reason="Pointers live seven days at most and must leave no copy behind them.",
            )
        )
        # A day, so that erasing a customer's salt makes every copy unreadable within a day.
        self.salts = self._table("Salts", recovery_days=1)
        access_logs = self._access_logs()
        self.payloads = self._bucket("Payloads", access_logs, "", [("erasures/", 90, 1)])
        # Uploads are unsealed: they go when they were read, and if nobody reads them.
        self.files = self._bucket(
            "Files", access_logs, "files/", [("uploads/", 3, 1), ("reports/", 30, 1), ("exports/", 1, 1)]
        )
        self._tell_of_uploads()
        self.checkpoints = self._locked_bucket(access_logs)
        self._sealing_secret()
        self.partners = self._user_pool()
        self._pin_exports()

    def _key(self, name: str, description: str, alias: str) -> kms.Key:
        return kms.Key(
            self,
            name,
            alias=alias,
            description=description,
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )

    def _table(
        self, name: str, *, sort_key: bool = False, ttl: bool = False, recovery_days: int | None = None
    ) -> dynamodb.Table:
        recovery = dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=recovery_days is not None, recovery_period_in_days=recovery_days
        )
        text = dynamodb.AttributeType.STRING
        table = dynamodb.Table(
            self,
            name,
            partition_key=dynamodb.Attribute(name="pk", type=text),
            sort_key=dynamodb.Attribute(name="sk", type=text) if sort_key else None,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self.records_key,
            point_in_time_recovery_specification=recovery,
            time_to_live_attribute="ttl" if ttl else None,
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        CfnOutput(self, f"{name}Table", value=table.table_name)
        return table

    def _index(self, name: str, partition: str, sort: tuple[str, dynamodb.AttributeType]) -> None:
        self.ledger.add_global_secondary_index(
            index_name=name,
            partition_key=dynamodb.Attribute(name=partition, type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name=sort[0], type=sort[1]),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )

    def _access_logs(self) -> s3.Bucket:
        return s3.Bucket(
            self,
            "PayloadsAccessLogs",
            # S3 delivers access logs to no bucket that has a key of ours.
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(90))],
            removal_policy=RemovalPolicy.RETAIN,
        )

    def _bucket(
        self, name: str, logs: s3.Bucket, logs_prefix: str, kept_days: Sequence[tuple[str, int, int]]
    ) -> s3.Bucket:
        """`kept_days`: what starts with a prefix is kept for so many days, and so many more once deleted."""
        return s3.Bucket(
            self,
            name,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.records_key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    noncurrent_version_expiration=Duration.days(30),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                    # The marker of a version that is gone hides nothing, and tells its name.
                    expired_object_delete_marker=True,
                ),
                *(
                    s3.LifecycleRule(
                        prefix=prefix,
                        expiration=Duration.days(days),
                        noncurrent_version_expiration=Duration.days(more),
                    )
                    for prefix, days, more in kept_days
                ),
            ],
            server_access_logs_bucket=logs,
            server_access_logs_prefix=logs_prefix or None,
            removal_policy=RemovalPolicy.RETAIN,
        )

    def _locked_bucket(self, logs: s3.Bucket) -> s3.Bucket:
        """Nobody, not even the account's root, deletes or changes a version here before its time."""
        days = _kept_days("checkpoints/")
        return s3.Bucket(
            self,
            "Checkpoints",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.records_key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            object_lock_enabled=True,
            object_lock_default_retention=s3.ObjectLockRetention.compliance(Duration.days(days)),
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(days + 1), noncurrent_version_expiration=Duration.days(days + 1)
                ),
                s3.LifecycleRule(expired_object_delete_marker=True),
            ],
            server_access_logs_bucket=logs,
            server_access_logs_prefix="checkpoints/",
            removal_policy=RemovalPolicy.RETAIN,
        )

    def _tell_of_uploads(self) -> None:
        """What is uploaded is told to EventBridge. (The bucket's own switch for it would come with a function.)"""
        bucket = self.files.node.default_child
        assert isinstance(bucket, s3.CfnBucket)
        told = s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        bucket.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=told
        )

    def _sealing_secret(self) -> None:
        secret = secretsmanager.Secret(
            self,
            "SealingSecret",
            secret_name=SEALING_SECRET,
            description="The root of every seal and every keyed hash; to change it is to re-seal everything",
            encryption_key=self.secrets_key,
            generate_secret_string=secretsmanager.SecretStringGenerator(password_length=64, exclude_punctuation=True),
            removal_policy=RemovalPolicy.RETAIN,
        )
        Validations.of(secret).acknowledge(
            Acknowledgment(
                id="AwsSolutions-SMG4",
                reason="Every stored seal hangs on it: a rotation by schedule would make records unreadable.",
            )
        )

    def _user_pool(self) -> cognito.UserPool:
        pool = cognito.UserPool(
            self,
            "Partners",
            self_sign_up_enabled=False,
            password_policy=cognito.PasswordPolicy(
                min_length=16,
                require_digits=True,
                require_lowercase=True,
                require_symbols=True,
                require_uppercase=True,
            ),
            mfa=cognito.Mfa.REQUIRED,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        Validations.of(pool).acknowledge(
            Acknowledgment(
                id="AwsSolutions-COG3",
                reason="No person signs in here; it does not watch machines' client credentials.",
            ),
            Acknowledgment(
                id="AwsSolutions-COG8",
                reason="The plus plan adds protection of people's sign-ins; none happen here.",
            ),
        )
        domain = pool.add_domain(
            "Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix=f"counterfoil-{self.account}")
        )
        CfnOutput(self, "TokenUrl", value=f"{domain.base_url()}/oauth2/token")
        CfnOutput(self, "UserPoolId", value=pool.user_pool_id)
        return pool

    def _pin_exports(self) -> None:
        """Exports stay when the app stack stops using one: else that deployment could not be ordered."""
        tables = (self.ledger, self.rendezvous, self.salts)
        for value in (
            *(table.table_name for table in tables),
            *(table.table_arn for table in tables),
            self.records_key.key_arn,
            self.secrets_key.key_arn,
            self.payloads.bucket_name,
            self.payloads.bucket_arn,
            self.files.bucket_name,
            self.files.bucket_arn,
            self.checkpoints.bucket_name,
            self.checkpoints.bucket_arn,
            self.partners.user_pool_id,
        ):
            self.export_value(value)


def _kept_days(key: str) -> int:
    """How long the data map keeps the objects under this prefix."""
    (kept,) = (record.kept for record in RECORDS if record.key == key)
    assert isinstance(kept, timedelta)
    return kept.days
