"""Who takes part: partners registered, their secrets made, rotated and retired."""

import argparse
import base64
import re
import secrets as random
import sys
from pathlib import Path

from infra.names import SECRETS_KEY_ALIAS, WEBHOOK_SECRETS
from infra.operate import deployment
from infra.operate.deployment import Orders, Refused

DAYS_TO_REGRET = 7


def add_orders(orders: Orders) -> None:
    files = argparse.ArgumentParser(add_help=False)
    files.add_argument("--merchants", type=Path, metavar="FILE", help="retailers, their stores and tills")
    files.add_argument("--banks", type=Path, metavar="FILE", help="banks, their callbacks and secrets' names")
    order = orders.add_parser(
        "register",
        parents=[files],
        help="check and load merchants.json and banks.json",
        description="Checks both files wholly before anything is stored; what is wrong is listed as "
        "`file:line field: message`. Loading a file again changes what differs. "
        "A new bank also needs a deployment with that banks.json: it gets a queue of its own.",
    )
    order.set_defaults(carry_out=register)

    order = orders.add_parser(
        "secret",
        help="make, rotate and retire a partner's webhook secret",
        description="A partner's Standard Webhooks secrets lie in Secrets Manager under counterfoil/webhooks/; "
        "the partner's `secrets` in merchants.json or banks.json name them. All that are named are accepted.",
    )
    kinds = order.add_subparsers(required=True, metavar="ORDER", title="orders")
    making = kinds.add_parser("new", help="make one, for a partner to be registered")
    making.add_argument("name", metavar="NAME", help="for example openbank/2026-11")
    making.set_defaults(carry_out=new_secret)
    rotating = kinds.add_parser("rotate", parents=[files], help="make a second one, list it beside the old, register")
    rotating.add_argument("old", metavar="OLD", help="for example openbank/2026-11")
    rotating.add_argument("new", metavar="NEW", help="for example openbank/2026-12")
    rotating.set_defaults(carry_out=rotate_secret)
    retiring = kinds.add_parser("retire", parents=[files], help="take one off the list, register, delete it in a week")
    retiring.add_argument("name", metavar="NAME", help="for example openbank/2026-11")
    retiring.set_defaults(carry_out=retire_secret)


def register(order: argparse.Namespace) -> None:
    """Both files at once: either may refer to what the other brings."""
    files = {"merchants": order.merchants, "banks": order.banks}
    if not any(files.values()):
        raise Refused("register: give --merchants, --banks or both")
    texts = {name: path.read_text(encoding="utf-8") if path else None for name, path in files.items()}
    answer = deployment.invoke("RegisterFunction", texts)
    problems = answer.get("problems", [])
    for problem in problems:
        path = files[problem["file"]]
        print(f"{path}:{problem['line']} {problem['field']}: {problem['message']}", file=sys.stderr)
    if problems:
        raise Refused(f"Nothing was registered: {len(problems)} to put right.")
    for kind, count in answer["registered"].items():
        print(f"{count:>6} {kind}")


def new_secret(order: argparse.Namespace) -> None:
    name = _secret_name(order.name)
    _make_secret(name)
    print(f"Give the partner its value, and add the name to the partner's `secrets`:\n  {_reading(name)}")


def rotate_secret(order: argparse.Namespace) -> None:
    """Made first and listed then: a name that is listed without a secret is remembered as retired."""
    old, new = _secret_name(order.old), _secret_name(order.new)
    file = _file_that_lists(order, old)
    _make_secret(new)
    file.write_text(file.read_text("utf-8").replace(f'"{old}"', f'"{old}", "{new}"'), "utf-8")
    register(order)
    print(f"Both are accepted within a minute, and a bank's deliveries are signed with both.\n  {_reading(new)}")


def retire_secret(order: argparse.Namespace) -> None:
    name = _secret_name(order.name)
    file = _file_that_lists(order, name)
    text = file.read_text("utf-8")
    left = re.sub(rf'"{re.escape(name)}"\s*,\s*|,\s*"{re.escape(name)}"', "", text)
    if left == text:
        raise Refused(f"{name} is the only one that its partner has: rotate it first")
    deployment.record("secret changed", order="retired", name=name)
    file.write_text(left, "utf-8")
    register(order)
    deployment.client("secretsmanager").delete_secret(SecretId=name, RecoveryWindowInDays=DAYS_TO_REGRET)
    print(f"{name} is refused within a minute. For {DAYS_TO_REGRET} days it can be restored in Secrets Manager.")


def _secret_name(given: str) -> str:
    return given if given.startswith(WEBHOOK_SECRETS) else WEBHOOK_SECRETS + given


def _make_secret(name: str) -> None:
    """A Standard Webhooks secret of 32 random bytes."""
    value = "whsec_" + base64.b64encode(random.token_bytes(32)).decode()
    client = deployment.client("secretsmanager")
    deployment.record("secret changed", order="made", name=name)
    try:
        client.create_secret(Name=name, SecretString=value, KmsKeyId=SECRETS_KEY_ALIAS)
    except client.exceptions.ResourceExistsException:
        raise Refused(f"{name} exists: a rotation adds a new name and retires the old one later") from None
    print(f"Stored in Secrets Manager as {name}")


def _file_that_lists(order: argparse.Namespace, name: str) -> Path:
    """Of the files given, the one in which a partner has this secret."""
    for file in filter(None, (order.merchants, order.banks)):
        if file.read_text("utf-8").count(f'"{name}"') == 1:
            return file
    raise Refused(f"secret: no file that was given lists {name}, once")


def _reading(name: str) -> str:
    return f"aws secretsmanager get-secret-value --secret-id {name} --query SecretString --output text"
