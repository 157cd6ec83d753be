"""The HTTP API in front of functions: what reaches a handler, what comes back, and whose tokens count."""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

import pytest

from infra.sandbox.engine import ACCOUNT, REGION, Engine
from tests.sandbox.engine_parts import function, mended, name

ECHO = """
import json

def handler(event, context):
    if event["rawPath"].endswith("/refused"):
        return {"statusCode": 422, "headers": {"content-type": "application/problem+json"}, "body": "{}"}
    if event["rawPath"].endswith("/broken"):
        raise ValueError("broken")
    return {"statusCode": 202, "headers": {"x-told": "yes"}, "body": json.dumps(event)}
"""


def call(
    url: str, body: bytes | None = None, method: str = "POST", headers: Mapping[str, str] | None = None
) -> tuple[int, Mapping[str, str], bytes]:
    request = urllib.request.Request(url, data=body, method=method, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, refused.read()


class Api:
    """An HTTP API whose routes all lead to one function; one of them asks for a token."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.http = engine, engine.client("apigatewayv2")
        self.id = self.http.create_api(Name=name("api"), ProtocolType="HTTP")["ApiId"]
        self.url = f"{engine.endpoint}/_aws/execute-api/{self.id}/$default"
        echo = function(engine, ECHO)
        self.integration = self.http.create_integration(
            ApiId=self.id,
            IntegrationType="AWS_PROXY",
            IntegrationUri=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{echo}",
            PayloadFormatVersion="2.0",
        )["IntegrationId"]
        engine.client("lambda").add_permission(
            FunctionName=echo,
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
        )
        self.route("POST /v1/banks/{bank}/{rest+}")
        self.http.create_stage(ApiId=self.id, StageName="$default", AutoDeploy=True)

    def route(self, key: str, **authorization: Any) -> None:
        target = f"integrations/{self.integration}"
        self.http.create_route(ApiId=self.id, RouteKey=key, Target=target, **authorization)

    def event(self, path: str, body: bytes, **headers: str) -> dict[str, Any]:
        """What the handler was given for a POST."""
        names = {key.replace("_", "-"): value for key, value in headers.items()}
        status, _, answer = call(f"{self.url}{path}", body, headers=names)
        assert status == 202
        return dict(json.loads(answer))


@pytest.fixture(scope="module")
def api(mended_engine: Engine) -> Api:
    return Api(mended_engine)


def raw(event: Mapping[str, Any]) -> bytes:
    body = event["body"]
    return base64.b64decode(body) if event["isBase64Encoded"] else body.encode()


def test_a_request_comes_as_payload_2_0(api: Api) -> None:
    path = "/v1/banks/openbank/transactions?a=1&a=2"
    event = api.event(path, b"{}", Webhook_Id="msg_1", Content_Type="application/json")
    assert (event["version"], event["routeKey"]) == ("2.0", "POST /v1/banks/{bank}/{rest+}")
    assert event["rawPath"] == "/v1/banks/openbank/transactions"
    assert event["rawQueryString"] == "a=1&a=2"
    assert event["pathParameters"] == {"bank": "openbank", "rest": "transactions"}
    assert event["headers"]["webhook-id"] == "msg_1", "names of headers are in lower case"
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", '{"name": "café 🧾", "n": 1}\r\n'.encode()),
        ("application/json; charset=utf-8", b" [1,  2] "),
        ("application/octet-stream", b'{"a": 1}'),
        ("application/octet-stream", bytes(range(256))),
    ],
)
def test_the_signed_bytes_can_be_had_again(api: Api, content_type: str, body: bytes) -> None:
    assert raw(api.event("/v1/banks/b/t", body, Content_Type=content_type)) == body


def test_json_comes_as_text_and_other_types_in_base64(api: Api) -> None:
    assert not api.event("/v1/banks/b/t", b"{}", Content_Type="application/json")["isBase64Encoded"]
    assert api.event("/v1/banks/b/t", b"{}", Content_Type="application/octet-stream")["isBase64Encoded"]


def test_status_headers_and_body_are_the_functions(api: Api) -> None:
    status, headers, body = call(f"{api.url}/v1/banks/b/refused", b"{}")
    assert (status, headers["content-type"], body) == (422, "application/problem+json", b"{}")


@mended("the exception is sent to the caller")
def test_a_function_that_fails_is_500_and_tells_nothing(engine: Engine) -> None:
    status, _, body = call(f"{Api(engine).url}/v1/banks/b/broken", b"{}")
    assert (status, json.loads(body)) == (500, {"message": "Internal Server Error"})


def test_an_unknown_route_is_404(api: Api) -> None:
    assert call(f"{api.url}/v2/anything", b"{}")[0] == 404


class Partner:
    """A machine client of a user pool, with two scopes of its own bank."""

    def __init__(self, engine: Engine) -> None:
        self.engine, cognito = engine, engine.client("cognito-idp")
        self.pool = cognito.create_user_pool(PoolName=name("partners"))["UserPool"]["Id"]
        scopes = ("openbank.consents", "openbank.deliveries")
        cognito.create_resource_server(
            UserPoolId=self.pool,
            Identifier="counterfoil",
            Name="counterfoil",
            Scopes=[{"ScopeName": scope, "ScopeDescription": scope} for scope in scopes],
        )
        self.client = cognito.create_user_pool_client(
            UserPoolId=self.pool,
            ClientName="openbank",
            GenerateSecret=True,
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthScopes=[f"counterfoil/{scope}" for scope in scopes],
        )["UserPoolClient"]

    def ask(self, scope: str | None, secret: str | None = None) -> tuple[int, dict[str, Any]]:
        secret = secret or self.client["ClientSecret"]
        basic = base64.b64encode(f"{self.client['ClientId']}:{secret}".encode()).decode()
        form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        status, _, body = call(
            f"{self.engine.endpoint}/oauth2/token",
            urllib.parse.urlencode(form).encode(),
            headers={"Authorization": f"Basic {basic}"},
        )
        return status, json.loads(body)

    def token(self, scope: str | None) -> str:
        status, answer = self.ask(scope)
        assert status == 200
        return str(answer["access_token"])


@pytest.fixture(scope="module")
def partner(mended_engine: Engine) -> Partner:
    return Partner(mended_engine)


@pytest.fixture(scope="module")
def guarded(api: Api, partner: Partner) -> str:
    """The URL of a route that asks for the consents scope."""
    authorizer = api.http.create_authorizer(
        ApiId=api.id,
        AuthorizerType="JWT",
        Name="partners",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={
            "Audience": [partner.client["ClientId"]],
            "Issuer": f"https://cognito-idp.{REGION}.amazonaws.com/{partner.pool}",
        },
    )["AuthorizerId"]
    api.route(
        "GET /v1/guarded",
        AuthorizationType="JWT",
        AuthorizerId=authorizer,
        AuthorizationScopes=["counterfoil/openbank.consents"],
    )
    return f"{api.url}/v1/guarded"


def test_a_token_with_the_scope_passes_and_its_claims_reach_the_handler(guarded: str, partner: Partner) -> None:
    token = partner.token("counterfoil/openbank.consents")
    status, _, body = call(guarded, method="GET", headers={"Authorization": f"Bearer {token}"})
    assert status == 202
    claims = json.loads(body)["requestContext"]["authorizer"]["jwt"]["claims"]
    assert claims["client_id"] == partner.client["ClientId"]
    assert claims["scope"].split() == ["counterfoil/openbank.consents"]


def test_another_scope_is_403(guarded: str, partner: Partner) -> None:
    token = partner.token("counterfoil/openbank.deliveries")
    assert call(guarded, method="GET", headers={"Authorization": f"Bearer {token}"})[0] == 403


def test_no_token_and_a_bent_token_are_401(guarded: str, partner: Partner) -> None:
    assert call(guarded, method="GET")[0] == 401
    head, claims, signature = partner.token("counterfoil/openbank.consents").split(".")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    for bent in (f"{head}.{claims}.{signature[::-1]}", f"{unsigned}.{claims}.", "nonsense"):
        assert call(guarded, method="GET", headers={"Authorization": f"Bearer {bent}"})[0] == 401


def test_a_client_of_another_audience_is_401(engine: Engine, guarded: str) -> None:
    token = Partner(engine).token("counterfoil/openbank.consents")
    assert call(guarded, method="GET", headers={"Authorization": f"Bearer {token}"})[0] == 401


def test_tokens_are_given_for_the_right_secret_and_own_scopes_only(partner: Partner) -> None:
    assert partner.ask("counterfoil/openbank.consents", secret="wrong")[0] in (400, 401)
    assert partner.ask("counterfoil/other.consents")[1] == {"error": "invalid_scope"}
    assert set(partner.ask(None)[1]) >= {"access_token", "expires_in", "token_type"}
