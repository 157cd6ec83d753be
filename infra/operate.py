"""What operators do: `python -m infra.operate --help`.

Credentials, region and endpoint come from the environment, as for the AWS command line.
Nothing here prints the body of a message or a secret.
"""

import argparse
import base64
import json
import re
import secrets as random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3

from infra.names import APP_STACK, REGION, SECRETS_KEY_ALIAS, WEBHOOK_SECRETS

DAYS_TO_REGRET = 7


class Refused(Exception):
    """An order that cannot be carried out; the text says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 refused with the reason on stderr."""
    order = _parser().parse_args(arguments)
    try:
        order.carry_out(order)
    except (Refused, OSError) as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


def register(order: argparse.Namespace) -> None:
    """Both files at once: either may refer to what the other brings."""
    files = {"merchants": order.merchants, "banks": order.banks}
    if not any(files.values()):
        raise Refused("register: give --merchants, --banks or both")
    texts = {name: path.read_text(encoding="utf-8") if path else None for name, path in files.items()}
    answer = _invoke(_outputs()["RegisterFunction"], texts)
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
    file.write_text(left, "utf-8")
    register(order)
    _client("secretsmanager").delete_secret(SecretId=name, RecoveryWindowInDays=DAYS_TO_REGRET)
    print(f"{name} is refused within a minute. For {DAYS_TO_REGRET} days it can be restored in Secrets Manager.")


def _secret_name(given: str) -> str:
    return given if given.startswith(WEBHOOK_SECRETS) else WEBHOOK_SECRETS + given


def _make_secret(name: str) -> None:
    """A Standard Webhooks secret of 32 random bytes."""
    value = "whsec_" + base64.b64encode(random.token_bytes(32)).decode()
    client = _client("secretsmanager")
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


def dead_letters(_: argparse.Namespace) -> None:
    for name, url in _queues().items():
        print(f"{_depth(_dead_letters_of(url)):>6} {name}")


def banks(_: argparse.Namespace) -> None:
    """A line a bank, told by the function that tends them."""
    _tell(_invoke(_outputs()["ProbeFunction"], {"look": True})["banks"])


def order_bank(order: argparse.Namespace) -> None:
    """Pauses or resumes, as `order.wish` says."""
    function = _outputs()["ProbeFunction"]
    known = [told["bank"] for told in _invoke(function, {"look": True})["banks"]]
    if order.bank not in known:
        raise Refused(f"{order.wish}: no such bank; there are {', '.join(known)}")
    _tell(_invoke(function, {order.wish: order.bank})["banks"])


def _tell(health: Sequence[Mapping[str, Any]]) -> None:
    for bank in health:
        more = [(name, bank[name]) for name in ("reason", "since", "last_status", "next_probe")]
        told = [f"{name.replace('_', ' ')} {value}" for name, value in more if value is not None]
        print("  ".join([f"{bank['state']:<8} {bank['bank']}", *told]))


def redrive(order: argparse.Namespace) -> None:
    """Receive, send again, delete: what this dies on is sent twice, which does no harm, and never lost."""
    queues = _queues()
    if order.queue not in queues:
        raise Refused(f"redrive: no such queue; there are {', '.join(queues)}")
    moved = failed = 0
    source = _dead_letters_of(queues[order.queue])
    # Only what lies there now: what fails again meanwhile comes back to the same dead letters.
    limit = min(order.limit, _depth(source))
    while moved + failed < limit:
        messages = _receive(source, min(10, limit - moved - failed))
        if not messages:
            break
        done = _send_again(source, queues[order.queue], messages)
        moved, failed = moved + done, failed + len(messages) - done
    print(f"{moved} moved from the dead letters of {order.queue}, {failed} failed, {_depth(source)} left")
    if failed:
        raise Refused("Those that failed are still in the dead letters.")


def _send_again(source: str, target: str, messages: Sequence[Mapping[str, Any]]) -> int:
    """How many were sent and then deleted."""
    sqs = _client("sqs")
    again = [
        {
            "Id": str(index),
            "MessageBody": message["Body"],
            "MessageAttributes": {
                name: {key: value[key] for key in ("DataType", "StringValue", "BinaryValue") if key in value}
                for name, value in message.get("MessageAttributes", {}).items()
            },
        }
        for index, message in enumerate(messages)
    ]
    sent = sqs.send_message_batch(QueueUrl=target, Entries=again).get("Successful", [])
    if not sent:
        return 0
    handles = [{"Id": each["Id"], "ReceiptHandle": messages[int(each["Id"])]["ReceiptHandle"]} for each in sent]
    return len(sqs.delete_message_batch(QueueUrl=source, Entries=handles).get("Successful", []))


def _receive(url: str, count: int) -> list[dict[str, Any]]:
    answer = _client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=count, MessageAttributeNames=["All"], WaitTimeSeconds=1
    )
    return answer.get("Messages", [])


def _queues() -> dict[str, str]:
    """The work queues' addresses: `match`, and one a bank."""
    return json.loads(_outputs()["Queues"])


def _dead_letters_of(url: str) -> str:
    sqs = _client("sqs")
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
    arn = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"]
    return sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[1])["QueueUrl"]


def _depth(url: str) -> int:
    name = "ApproximateNumberOfMessages"
    return int(_client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def _invoke(function: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    answer = _client("lambda").invoke(FunctionName=function, Payload=json.dumps(payload).encode())
    if "FunctionError" in answer:
        raise Refused("The function failed; its log says why.")
    return json.loads(answer["Payload"].read())


def _outputs() -> dict[str, str]:
    stacks = _client("cloudformation").describe_stacks(StackName=APP_STACK)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}


def _client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


def _reading(name: str) -> str:
    return f"aws secretsmanager get-secret-value --secret-id {name} --query SecretString --output text"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.operate",
        description="Operates a deployed Counterfoil (stack Counterfoil, eu-west-1).",
        epilog="For the sandbox set AWS_ENDPOINT_URL and the credentials that it printed.",
    )
    orders = parser.add_subparsers(required=True, metavar="ORDER", title="orders")

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

    order = orders.add_parser(
        "dead-letters",
        help="how many messages each queue has given up on",
        description="One line a queue: the number of its dead letters, and its name.",
    )
    order.set_defaults(carry_out=dead_letters)

    order = orders.add_parser(
        "banks",
        help="how each bank takes what it is sent",
        description="One line a bank: well, failing or paused, since when and why, what it last answered, and when it "
        "is probed next. A bank that fails for a minute is paused by itself: its messages wait, "
        "and one of them probes it until it takes it.",
    )
    order.set_defaults(carry_out=banks)

    for wish, what in (
        ("pause", "Nothing is sent to the bank, and it is not probed, until it is resumed; its messages wait."),
        ("resume", "Everything that waits is sent. If the bank still fails, it is paused again in a minute."),
    ):
        order = orders.add_parser(
            wish,
            help=f"{wish} the deliveries to a bank",
            description=f"{what} A message waits for at most fourteen days.",
        )
        order.add_argument("bank", metavar="BANK", help="as it is registered")
        order.set_defaults(carry_out=order_bank, wish=wish)

    order = orders.add_parser(
        "redrive",
        help="send a queue's dead letters again",
        description="Moves what lies in the dead letters now back into their queue. "
        "Sending twice does no harm: a receipt keeps its delivery id. "
        "Mend the cause first, or they come back.",
    )
    order.add_argument("queue", metavar="QUEUE", help="a bank's name, match or files")
    order.add_argument("--limit", type=int, default=10_000, metavar="N", help="at most so many (10000)")
    order.set_defaults(carry_out=redrive)
    return parser


if __name__ == "__main__":
    sys.exit(main())
