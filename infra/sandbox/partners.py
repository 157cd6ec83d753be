"""The sandbox's banks and tills, connected to a deployment as ops would connect real ones."""

import contextlib
import json
import random
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import httpx

from infra.names import SECRETS_KEY_ALIAS
from infra.sandbox import monzo_app, signing
from infra.sandbox.bank import Bank
from infra.sandbox.bank_app import serving
from infra.sandbox.deploy import BANKS, Deployment
from infra.sandbox.engine import ROOT
from infra.sandbox.monzo import Client, Monzo
from infra.sandbox.partner_api import PartnerApi
from infra.sandbox.retelling import retold
from infra.sandbox.sign_in import SignIn
from infra.sandbox.signing import new_secret
from infra.sandbox.starling import StarlingBank
from infra.sandbox.till import Till
from infra.settings import Settings

# What the app's button buys: the payment, the shop and its receipt.
PURCHASES = (
    ("bank_webhook.authorised", "kite", "retailer_receipt.sale"),
    ("bank_webhook.split_card_one", "kite", "retailer_receipt.split_tender"),
    ("bank_webhook.authorised_harbourbank", "fern", "retailer_receipt.weighed_goods"),
    ("bank_webhook.basket_harbourbank", "fern", "retailer_receipt.basket_of_30"),
)
MERCHANTS = Path(__file__).with_name("merchants.json")
Keys = tuple[str, list[str]]  # what a bank signs with, and the public keys to register
MONZO_CUSTOMERS = {
    "acc_00008gju41AHyfLUzBUk8A": "Peter's account",
    "acc_00009237aqC8c5umZmrRdh": "Wendy's account",
    "acc_0000AKq7c2vTn5xWb9LdZs": "Tina's account",
    "acc_0000B2wNq8yTr6dKs4HeVm": "Olive's account",
}
USUAL_CUSTOMERS = {"openbank": ("cust_42",), "harbourbank": ("H-1001",)}
PROGRAMS: Mapping[str, type[Bank]] = {"starling": StarlingBank}
"""The banks' programs by adapter; every other bank's is Bank."""


class RegistrationError(Exception):
    """The ops command refused the files; the message is what it printed."""


@dataclass(frozen=True)
class Partners:
    """Banks and tills by name, the address of the banks' program, and Monzo with its own."""

    banks: Mapping[str, Bank]
    tills: Mapping[str, Till]
    page_url: str
    monzo: Monzo
    monzo_url: str


@contextmanager
def connected(deployment: Deployment) -> Iterator[Partners]:
    """Webhook secrets stored, the banks' program served, merchants and banks registered."""
    entries, merchants = json.loads(BANKS.read_text())["banks"], json.loads(MERCHANTS.read_text())["merchants"]
    banks, (linked,) = [each for each in entries if "oauth" not in each], [each for each in entries if "oauth" in each]
    named = [name for each in (*banks, *merchants) for name in each.get("secrets", ())]
    clients = [each[how]["client_secret"] for each in entries for how in ("oauth", "sign_in") if how in each]
    known = _secrets(deployment, [*named, *clients])
    _mail_from(deployment, Settings.mail_sender)
    monzo = _monzo(linked, deployment, known)
    with httpx.Client(timeout=30, limits=httpx.Limits(max_connections=20)) as http:
        keys = {entry["bank"]: signing.SCHEMES[entry["adapter"]].new_keys() for entry in banks}
        programs = {entry["bank"]: _bank(entry, keys[entry["bank"]], deployment, known, http) for entry in banks}
        tills = {
            entry["retailer"]: Till(entry["retailer"], known[entry["secrets"][0]], deployment.api_url, http)
            for entry in merchants
            if "secrets" in entry
        }
        with (
            serving(list(programs.values()), partial(_go_shopping, tills)) as page_url,
            monzo_app.serving(monzo) as monzo_url,
        ):
            public = {bank: public_keys for bank, (_, public_keys) in keys.items()}
            listening = [_listening(entry, page_url, public[entry["bank"]], deployment) for entry in banks]
            _register(deployment, [*listening, _known_to(linked, deployment, monzo_url)])
            yield Partners(programs, tills, page_url, monzo, monzo_url)


def _monzo(entry: Mapping[str, Any], deployment: Deployment, known: Mapping[str, str]) -> Monzo:
    """Monzo with its customers, and Counterfoil as its client."""
    oauth, back = entry["oauth"], f"{deployment.api_url}/connect/{entry['bank']}/linked"
    return Monzo(Client(oauth["client_id"], known[oauth["client_secret"]], back), dict(MONZO_CUSTOMERS))


def _known_to(entry: Mapping[str, Any], deployment: Deployment, url: str) -> dict[str, Any]:
    """Monzo's registration at the address that its program got."""
    oauth = {**entry["oauth"], "authorise_url": f"{url}/authorise", "our_url": deployment.api_url}
    return {**entry, "callback_url": url, "oauth": oauth}


def _go_shopping(tills: Mapping[str, Till], bank: Bank, customer_id: str) -> None:
    """One of PURCHASES, now: the bank reports the payment, the till its receipt."""
    paid, retailer, printed = random.choice(PURCHASES)
    take, now = secrets.token_hex(3), datetime.now(UTC)
    earlier = now - datetime.fromisoformat(retold(paid, now)["data"]["authorised_at"])
    payment = retold(paid, now + earlier, take)
    payment["data"]["customer_id"] = customer_id
    bank.record(payment)
    bank.send(payment).raise_for_status()
    tills[retailer].send(retold(printed, now + earlier, take)).raise_for_status()


def _secrets(deployment: Deployment, names: list[str]) -> dict[str, str]:
    """The webhook secrets by name; those that Secrets Manager does not hold yet are made."""
    manager = deployment.engine.client("secretsmanager")
    known = {}
    for name in names:
        try:
            known[name] = manager.get_secret_value(SecretId=name)["SecretString"]
        except manager.exceptions.ResourceNotFoundException:
            known[name] = new_secret()
            manager.create_secret(Name=name, SecretString=known[name], KmsKeyId=SECRETS_KEY_ALIAS)
    return known


def _mail_from(deployment: Deployment, address: str) -> None:
    """What ops do with the deployment's own address."""
    ses = deployment.engine.client("sesv2")
    with contextlib.suppress(ses.exceptions.AlreadyExistsException):
        ses.create_email_identity(EmailIdentity=address)


def _bank(
    entry: Mapping[str, Any], keys: Keys, deployment: Deployment, known: Mapping[str, str], http: httpx.Client
) -> Bank:
    name, (signing_key, public_keys) = entry["bank"], keys
    api = PartnerApi(
        name,
        deployment.api_url,
        deployment.token_url,
        deployment.client_ids[name],
        deployment.client_secret(name),
        http,
    )
    return PROGRAMS.get(entry["adapter"], Bank)(
        name,
        entry["name"],
        [known[secret] for secret in entry["secrets"]],
        api,
        signing.SCHEMES[entry["adapter"]],
        signing_key if public_keys else "",  # without a key pair, the shared secret signs
        _sign_in(entry, deployment, known),
        USUAL_CUSTOMERS.get(name, ()),
    )


def _sign_in(entry: Mapping[str, Any], deployment: Deployment, known: Mapping[str, str]) -> SignIn | None:
    """The bank's sign-in with Counterfoil as its client, where it offers that."""
    if "sign_in" not in entry:
        return None
    client, back = entry["sign_in"], f"{deployment.api_url}/connect/{entry['bank']}/signed-in"
    return SignIn(Client(client["client_id"], known[client["client_secret"]], back))


def _listening(
    entry: Mapping[str, Any], page_url: str, public_keys: list[str], deployment: Deployment
) -> dict[str, Any]:
    """With its callback and sign-in at the port that the banks' program got, and the keys made for this run."""
    name = entry["bank"]
    here = {"callback_url": f"{page_url}/callbacks/{name}", "public_keys": public_keys}
    if "sign_in" not in entry:
        return {**entry, **here}
    addresses = {f"{what}_url": f"{page_url}/sign-in/{name}/{what}" for what in ("authorise", "token", "userinfo")}
    return {**entry, **here, "sign_in": {**entry["sign_in"], **addresses, "our_url": deployment.api_url}}


def _register(deployment: Deployment, banks: list[dict[str, Any]]) -> None:
    """Runs the ops command."""
    with NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"banks": banks}, file, indent=1)
        file.flush()
        command = ["-m", "infra.operate", "register", "--merchants", str(MERCHANTS), "--banks", file.name]
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=deployment.engine.environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RegistrationError(done.stderr.strip())
