"""The operators' orders about banks and merchants: registered, their secrets rotated, a bank paused by hand."""

from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.names import REGION
from infra.operate.__main__ import main
from tests.infra.deployed import Registering, Tending, words


@pytest.mark.usefixtures("aws")
def test_a_new_secret_is_stored_and_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["secret", "new", "openbank/2026-11"]) == 0
    name = "counterfoil/webhooks/openbank/2026-11"
    value = boto3.client("secretsmanager", region_name=REGION).get_secret_value(SecretId=name)["SecretString"]
    assert value.startswith("whsec_")
    assert len(value) == len("whsec_") + 44  # 32 bytes in base64
    shown = "".join(capsys.readouterr())
    assert name in shown
    assert value.removeprefix("whsec_") not in shown
    assert main(["secret", "new", name]) == 1
    assert "exists" in capsys.readouterr().err


FILE = """\
{"banks": [
  {"bank": "openbank", "secrets": ["counterfoil/webhooks/openbank/2026-11"], "status": "live"},
  {"bank": "harbourbank", "secrets": ["counterfoil/webhooks/harbourbank/2026-11"], "status": "live"}
]}
"""


def test_a_secret_is_rotated_with_overlap(
    aws: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    banks = tmp_path / "banks.json"
    banks.write_text(FILE, encoding="utf-8")
    aws["lambda"] = registering = Registering({"registered": {"banks": 2}})
    main(["secret", "new", "openbank/2026-11"])

    assert main(["secret", "rotate", "openbank/2026-11", "openbank/2026-12", "--banks", str(banks)]) == 0
    both = '"counterfoil/webhooks/openbank/2026-11", "counterfoil/webhooks/openbank/2026-12"'
    rotated = FILE.replace('"counterfoil/webhooks/openbank/2026-11"', both)
    assert banks.read_text() == rotated
    client = boto3.client("secretsmanager", region_name=REGION)
    new = client.get_secret_value(SecretId="counterfoil/webhooks/openbank/2026-12")["SecretString"]
    assert new not in "".join(capsys.readouterr())

    assert main(["secret", "retire", "openbank/2026-11", "--banks", str(banks)]) == 0
    retired = FILE.replace("openbank/2026-11", "openbank/2026-12", 1)
    assert banks.read_text() == retired
    assert [call["banks"] for call in registering.calls] == [rotated, retired]
    did = [(one["what"], one["detail"]["order"], one["detail"]["name"][-7:]) for one in registering.recorded]
    assert did == [("secret changed", order, month) for order, month in
                   (("made", "2026-11"), ("made", "2026-12"), ("retired", "2026-11"))]  # fmt: skip
    assert "DeletedDate" in client.describe_secret(SecretId="counterfoil/webhooks/openbank/2026-11")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["retire", "openbank/2026-11"], "the only one"),
        (["retire", "monzo/2026-11"], "no file"),
        (["rotate", "openbank/2026-10", "openbank/2026-12"], "no file"),
        (["rotate", "openbank/2026-11", "openbank/taken"], "exists"),
    ],
)
def test_a_rotation_that_would_go_wrong_changes_nothing(
    aws: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    banks = tmp_path / "banks.json"
    banks.write_text(FILE, encoding="utf-8")
    aws["lambda"] = registering = Registering({"registered": {"banks": 2}})
    for name in ("openbank/2026-11", "openbank/taken"):
        main(["secret", "new", name])
    assert main(["secret", *arguments, "--banks", str(banks)]) == 1
    assert said in capsys.readouterr().err
    assert banks.read_text() == FILE
    assert registering.calls == []


def test_register_sends_the_texts_and_tells_what_was_stored(
    aws: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    merchants = tmp_path / "m.json"
    merchants.write_text('{"merchants": []}\n', encoding="utf-8")
    aws["lambda"] = registering = Registering({"registered": {"merchants": 2, "stores": 5}})
    assert main(["register", "--merchants", str(merchants)]) == 0
    assert registering.calls == [{"merchants": '{"merchants": []}\n', "banks": None}]
    assert words(capsys.readouterr().out) == [
        ["2", "merchants"],
        ["5", "stores"],
    ]


def test_register_tells_each_problem_by_file_line_and_field(
    aws: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    banks = tmp_path / "b.json"
    banks.write_text("{}", encoding="utf-8")
    problem = {"file": "banks", "line": 12, "field": "banks[0].callback_url", "message": "must be https"}
    aws["lambda"] = Registering({"problems": [problem]})
    assert main(["register", "--banks", str(banks)]) == 1
    assert f"{banks}:12 banks[0].callback_url: must be https" in capsys.readouterr().err


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("arguments", [[], ["--banks", "no/such/file.json"]])
def test_register_without_a_file_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["register", *arguments]) == 1
    assert capsys.readouterr().err


def test_a_function_that_fails_is_not_taken_for_done(
    aws: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    banks = tmp_path / "b.json"
    banks.write_text("{}", encoding="utf-8")
    aws["lambda"] = Registering({"errorMessage": "…"}, FunctionError="Unhandled")
    assert main(["register", "--banks", str(banks)]) == 1
    assert "log" in capsys.readouterr().err


def test_banks_tells_how_each_is(aws: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    aws["lambda"] = tending = Tending()
    assert main(["banks"]) == 0
    assert tending.orders == [{"look": True}]
    assert capsys.readouterr().out.splitlines() == [
        "well     openbank",
        "paused   monzo  reason failing  since 2026-11-22T09:00:00Z  last status 503  next probe 2026-11-22T09:08:00Z",
    ]


@pytest.mark.parametrize("wish", ["pause", "resume"])
def test_a_bank_is_paused_and_resumed_by_hand(
    wish: str, aws: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    aws["lambda"] = tending = Tending()
    assert main([wish, "monzo"]) == 0
    assert tending.orders[-1] == {wish: "monzo"}
    assert main([wish, "nobank"]) == 1
    assert tending.orders[-1] == {"look": True}
    assert "openbank, monzo" in capsys.readouterr().err


@pytest.mark.parametrize("order", ["register", "redrive", "secret", "dead-letters", "banks", "pause", "resume"])
def test_help_teaches_each_order(order: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([order, "--help"])
    assert ended.value.code == 0
    assert len(capsys.readouterr().out.split()) > 25
