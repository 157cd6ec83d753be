"""One receipt or a batch: a bad receipt never costs its neighbours."""

import pytest

from counterfoil.errors import Invalid
from counterfoil.retailers import RETAILERS, till
from tests.domain.made_receipts import contract_example


def numbered(number: int) -> dict[str, object]:
    return contract_example() | {"receipt_id": f"r{number}"}


def test_a_single_receipt_is_a_batch_of_one() -> None:
    batch = till.parse_receipts(contract_example())
    assert batch.single
    assert batch.receipts[0].receipt_id == "soho-03-000123"
    assert not batch.refused


def test_a_wrong_receipt_is_refused_alone() -> None:
    wrong = numbered(1) | {"total": 586}
    batch = till.parse_receipts({"receipts": [numbered(0), wrong, numbered(2), "none"]})
    assert not batch.single
    assert {index: receipt.receipt_id for index, receipt in batch.receipts.items()} == {0: "r0", 2: "r2"}
    assert [problem.field for problem in batch.refused[1]] == ["total", "tenders"]
    assert [problem.message for problem in batch.refused[3]] == ["must be an object"]


def test_a_hundred_are_taken_and_no_more() -> None:
    assert len(till.parse_receipts({"receipts": [numbered(n) for n in range(100)]}).receipts) == 100
    with pytest.raises(Invalid) as refused:
        till.parse_receipts({"receipts": [numbered(n) for n in range(101)]})
    assert [problem.field for problem in refused.value.problems] == ["receipts"]


@pytest.mark.parametrize("body", [{"receipts": []}, {"receipts": None}, {"receipts": contract_example()}])
def test_a_batch_is_a_list_of_some(body: object) -> None:
    with pytest.raises(Invalid):
        till.parse_receipts(body)


def test_a_batch_holds_nothing_else() -> None:
    with pytest.raises(Invalid):
        till.parse_receipts({"receipts": [numbered(0)], "shopper": "A. Shopper"})


def test_every_format_is_in_the_list() -> None:
    assert till in RETAILERS
