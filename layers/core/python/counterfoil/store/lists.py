"""Several items at once: a few of several tables, many of one, and a page of what an index has."""

from collections.abc import Sequence
from itertools import batched
from typing import Any

from counterfoil.errors import TryAgain
from counterfoil.store.table import Item, Table, _client, _inward, _outward

MOST_A_BATCH = 100
BATCH_TRIES = 5


def get_together(reads: Sequence[tuple[Table, Item, bool]]) -> list[Item | None]:
    """One request for single items: (table, key, consistent); an item or None each.

    Where one read of a table is consistent, all of that table are.
    """
    request: dict[str, Any] = {}
    for table, key, consistent in reads:
        of_table = request.setdefault(table.name, {"Keys": [], "ConsistentRead": False})
        of_table["Keys"].append(_outward(key))
        of_table["ConsistentRead"] |= consistent
    answer = _client().batch_get_item(RequestItems=request)
    if answer.get("UnprocessedKeys"):
        raise TryAgain("the table is busy")
    found = {name: [_inward(item) for item in items] for name, items in answer["Responses"].items()}
    return [
        next((item for item in found.get(table.name, []) if key.items() <= item.items()), None)
        for table, key, _ in reads
    ]


def get_many(table: Table, keys: Sequence[Item], *, consistent: bool = False) -> list[Item | None]:
    """Many items of a table, a hundred a request; an item or None each."""
    found: list[Item] = []
    for batch in batched({tuple(key.items()): key for key in keys}.values(), MOST_A_BATCH, strict=False):
        wanted = [_outward(key) for key in batch]
        for _ in range(BATCH_TRIES):
            answer = _client().batch_get_item(RequestItems={table.name: {"Keys": wanted, "ConsistentRead": consistent}})
            found.extend(_inward(item) for item in answer["Responses"].get(table.name, []))
            wanted = answer.get("UnprocessedKeys", {}).get(table.name, {}).get("Keys", [])
            if not wanted:
                break
        else:
            raise TryAgain("the table is busy")
    by_key = {(item["pk"], item.get("sk")): item for item in found}
    return [by_key.get((key["pk"], key.get("sk"))) for key in keys]


def index_page(
    table: Table, index: str, of: tuple[str, str], between: tuple[int, int], *, after: Item | None, limit: int
) -> tuple[list[Item], bool]:
    """The keys that an index sorted by `at` has under `of`, an attribute and its value: the latest first.

    `between`: a closed range of `at`. `after`: the row that was read last. Whether there may be more.
    """
    attribute, value = of
    where: dict[str, Any] = {
        "TableName": table.name,
        "IndexName": index,
        "KeyConditionExpression": "#key = :pk AND #at BETWEEN :low AND :high",
        "ExpressionAttributeNames": {"#key": attribute, "#at": "at"},
        "ExpressionAttributeValues": _outward({":pk": value, ":low": between[0], ":high": between[1]}),
        "ScanIndexForward": False,
        "Limit": limit,
    }
    answer = _client().query(**where, **({"ExclusiveStartKey": _outward(after)} if after else {}))
    return [_inward(item) for item in answer["Items"]], "LastEvaluatedKey" in answer


def due_page(table: Table, due: str, *, after: Item | None, limit: int) -> tuple[list[Item], bool]:
    """The keys that by_due has under `due`, in order, after the row that was read last; whether there may be more."""
    where: dict[str, Any] = {
        "TableName": table.name,
        "IndexName": "by_due",
        "KeyConditionExpression": "due = :due",
        "ExpressionAttributeValues": _outward({":due": due}),
        "Limit": limit,
    }
    answer = _client().query(**where, **({"ExclusiveStartKey": _outward(after)} if after else {}))
    return [_inward(item) for item in answer["Items"]], "LastEvaluatedKey" in answer
