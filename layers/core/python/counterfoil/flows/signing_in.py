"""A customer shows who they are by signing in with their bank. Of what the bank answers a subject stays with us."""

from collections.abc import Mapping

from counterfoil.banks import oauth
from counterfoil.banks.adapter import Call
from counterfoil.domain.merchants import Bank, SignIn
from counterfoil.errors import Forbidden, TryAgain
from counterfoil.flows.linking import CALL_SECONDS, Outside
from counterfoil.flows.visits import Visit


def authorise_url(bank: Bank, visit: Visit) -> str:
    """Where the customer is sent."""
    client = client_of(bank)
    return oauth.sign_in_url(client, redirect_url(bank), visit.state, visit.verifier)


def subject_of(bank: Bank, visit: Visit, query: Mapping[str, str], outside: Outside) -> str:
    """Who came back with what stands in `query`.

    Raises Forbidden where the code belongs to another visit or the bank refuses it, TryAgain where the bank is silent.
    The access token is used once, and kept nowhere.
    """
    client = client_of(bank)
    code = oauth.code_in(query, redirect_url(bank), visit.state)
    secret = next(iter(outside.secrets([client.client_secret])), None)
    if secret is None:
        raise TryAgain("the client's secret is missing")
    call = oauth.exchange(client, client.token_url, redirect_url(bank), code, secret, visit.verifier)
    access = oauth.access_in(_answer(call, outside))
    customer_id = oauth.customer_in(_answer(oauth.userinfo(client, access), outside), client) if access else None
    if customer_id is None:
        raise TryAgain("the bank did not say who it is")
    return outside.sealer.subject(bank.bank, customer_id)


def client_of(bank: Bank) -> SignIn:
    """Raises Forbidden for a bank at which nobody signs in."""
    if bank.sign_in is None:
        raise Forbidden("this bank's customers do not sign in here")
    return bank.sign_in


def redirect_url(bank: Bank) -> str:
    """Where the bank sends the customer back to."""
    return f"{client_of(bank).our_url.rstrip('/')}/connect/{bank.bank}/signed-in"


def _answer(call: Call, outside: Outside) -> bytes:
    """The body of a 200."""
    answer = outside.send(call, CALL_SECONDS)
    if answer.status in oauth.REFUSALS and not oauth.refuses_client(answer.body):
        raise Forbidden("the bank did not accept the code")
    if answer.status != 200:
        raise TryAgain("the bank did not answer")
    return answer.body
