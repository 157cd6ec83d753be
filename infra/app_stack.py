"""Everything that a deployment replaces: the API, the queues, the functions and their alarms."""

from pathlib import Path
from typing import Any

from aws_cdk import Acknowledgment, ArnFormat, CfnOutput, Duration, RemovalPolicy, Stack, Validations
from aws_cdk import aws_apigatewayv2 as http
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra import packages
from infra.areas import (
    audit,
    compliance,
    customer,
    delivery,
    files,
    inspection,
    intake,
    linking,
    operations,
    public,
    requests,
    retention,
)
from infra.data_stack import DataStack
from infra.function import Function, Platform, alarm
from infra.names import REGION
from infra.settings import Settings

# What a call's log line says: the route, never the path, a header or the body.
ACCESS_LOG = {
    "request": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "route": "$context.routeKey",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "integration_ms": "$context.integrationLatency",
    "integration_status": "$context.integrationStatus",
}
CLIENT_SCOPES = ("consents", "customers", "deliveries", "rights")


class AppStack(Stack):
    """The layers are part of it: shared across stacks, none of them could ever be replaced."""

    def __init__(self, scope: Construct, name: str, settings: Settings, data: DataStack, **stack: Any) -> None:
        super().__init__(scope, name, description="Counterfoil: what works", **stack)
        self.settings, self.data = settings, data
        self.key = self._key()
        self.alarms = sns.Topic(self, "Alarms", master_key=self.key, enforce_ssl=True)
        self.platform = Platform(
            settings=settings,
            code=lambda_.Code.from_asset(str(packages.functions())),
            layers=[self._layer("Core", packages.core_layer()), self._layer("Hot", self._libraries("hot"))],
            documents=self._layer("Data", self._libraries("data")),
            logs_key=self.key,
            secrets_key=data.secrets_key,
            alarms=self.alarms,
        )
        self.api = http.HttpApi(self, "Api", create_default_stage=False, description="Counterfoil's machine API")
        self._throttles: dict[str, dict[str, int]] = {}
        self._calls: dict[Function, integrations.HttpLambdaIntegration] = {}
        self._sign_in = self._partner_sign_in()
        deliveries = delivery.add(self)
        matching = intake.add(self, deliveries)
        links = linking.add(self, matching)
        rights = compliance.add(self, matching, links, deliveries)
        linking.add_pages(self, links, rights)
        queues = {
            "match": matching,
            "files": files.add(self, matching),
            "links": links,
            "rights": rights,
            **deliveries,
        }
        customer.add(self, rights, matching)
        requests.add(self, rights)
        public.add(self)
        operations.add(self, matching, deliveries)
        inspection.add(self)
        audit.add(self)
        retention.add(self)
        self._stage()
        CfnOutput(
            self,
            "Queues",
            value=self.to_json_string({name: work.queue.queue_url for name, work in queues.items()}),
        )
        CfnOutput(self, "AlarmTopic", value=self.alarms.topic_arn)

    def public_route(self, method: str, path: str, function: Function, *, rate: int, burst: int, proof: str) -> None:
        """A route without authorizer; `proof` says why that is right."""
        routes = self._route(method, path, function, rate, burst)
        for route in routes:
            Validations.of(route).acknowledge(Acknowledgment(id="AwsSolutions-APIG4", reason=proof))

    def partner_route(self, method: str, path: str, function: Function, *, rate: int, burst: int, scope: str) -> None:
        """A route for access tokens that hold `scope` of some bank; the handler checks whose, and its pace."""
        function.keep_pace(self.data.rendezvous)
        scopes = [f"counterfoil/{bank}.{scope}" for bank in self.settings.banks]
        self._route(method, path, function, rate, burst, authorizer=self._sign_in, authorization_scopes=scopes)

    def _route(
        self, method: str, path: str, function: Function, rate: int, burst: int, **authorization: Any
    ) -> list[http.HttpRoute]:
        self._throttles[f"{method} {path}"] = {
            "ThrottlingRateLimit": rate,
            "ThrottlingBurstLimit": burst,
        }
        # One, with one permission, for all routes of a function: a stack holds five hundred resources.
        call = self._calls.get(function) or integrations.HttpLambdaIntegration(
            f"{function.node.id}Call", function.lambda_function, scope_permission_to_route=False
        )
        self._calls[function] = call
        return self.api.add_routes(
            path=path,
            methods=[http.HttpMethod[method]],
            integration=call,
            **authorization,
        )

    def _stage(self) -> None:
        log_group = logs.LogGroup(
            self,
            "AccessLogs",
            retention=logs.RetentionDays.THREE_MONTHS,
            encryption_key=self.key,
            removal_policy=RemovalPolicy.DESTROY,
        )
        stage = http.CfnStage(
            self,
            "Stage",
            api_id=self.api.api_id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=http.CfnStage.AccessLogSettingsProperty(
                destination_arn=log_group.log_group_arn, format=self.to_json_string(ACCESS_LOG)
            ),
            default_route_settings=http.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=50, throttling_burst_limit=100
            ),
            route_settings=self._throttles,
        )
        for child in self.api.node.find_all():
            if isinstance(child, http.HttpRoute):
                stage.node.add_dependency(child)
        failures = self.api.metric_server_error(period=Duration.minutes(1), statistic="Sum")
        alarm(self, "ApiFailures", self.alarms, failures, 5)
        CfnOutput(self, "ApiUrl", value=self.api.api_endpoint)

    def _key(self) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            alias="alias/counterfoil-messages",
            description="Counterfoil: queues, logs and alarms",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        own_logs = self.format_arn(
            service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(f"logs.{REGION}.amazonaws.com")],
                actions=["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"],
                resources=["*"],
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": own_logs}},
            )
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        return key

    def _libraries(self, name: str) -> Path:
        return packages.library_layer(name, self.settings.architecture)

    def _layer(self, name: str, folder: Path) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            f"{name}Layer",
            code=lambda_.Code.from_asset(str(folder)),
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
            compatible_architectures=[self.settings.machine],
        )

    def _partner_sign_in(self) -> http.IHttpRouteAuthorizer:
        """One OAuth client a bank, for its own scopes only. They live here: a new bank changes one stack."""
        scopes = {
            f"{bank}.{scope}": cognito.ResourceServerScope(
                scope_name=f"{bank}.{scope}", scope_description=f"{scope} of {bank}"
            )
            for bank in self.settings.banks
            for scope in CLIENT_SCOPES
        }
        server = cognito.UserPoolResourceServer(
            self,
            "Scopes",
            user_pool=self.data.partners,
            identifier="counterfoil",
            scopes=list(scopes.values()),
        )
        clients = {bank: self._client(bank, server, scopes) for bank in self.settings.banks}
        ids = {bank: client.user_pool_client_id for bank, client in clients.items()}
        CfnOutput(self, "ClientIds", value=self.to_json_string(ids))
        return authorizers.HttpUserPoolAuthorizer(
            "Partners", self.data.partners, user_pool_clients=list(clients.values())
        )

    def _client(
        self,
        bank: str,
        server: cognito.UserPoolResourceServer,
        scopes: dict[str, cognito.ResourceServerScope],
    ) -> cognito.UserPoolClient:
        return cognito.UserPoolClient(
            self,
            f"Client-{bank}",
            user_pool=self.data.partners,
            generate_secret=True,
            auth_flows=cognito.AuthFlow(user_srp=False),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(client_credentials=True),
                scopes=[
                    cognito.OAuthScope.resource_server(server, scopes[f"{bank}.{scope}"]) for scope in CLIENT_SCOPES
                ],
            ),
            access_token_validity=Duration.minutes(15),
        )
