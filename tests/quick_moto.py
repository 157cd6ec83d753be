"""moto's DynamoDB without the wire: its own handler gets the call's parameters, and its answer is returned as it is.

Most of a simulated run was spent on making requests, signing them, reading them and writing answers. What is
refused, and every other service, takes the whole way: botocore's check of the parameters, moto's errors.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

from botocore import xform_name
from botocore.client import BaseClient
from botocore.validate import ParamValidator
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.common_models import BaseModel
from moto.core.exceptions import JsonRESTError, ServiceException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

Call = Callable[[BaseClient, str, Mapping[str, Any]], Any]
_VALID = ParamValidator()


def straight(whole_way: Call) -> Call:
    """`whole_way`: botocore's call. The same, but straight into moto where it can be."""

    def call(client: BaseClient, operation: str, arguments: Mapping[str, Any]) -> Any:
        if client.meta.service_model.service_name != "dynamodb":
            return whole_way(client, operation, arguments)
        model = client.meta.service_model.operation_model(operation)
        if _VALID.validate(arguments, model.input_shape).has_errors():
            return whole_way(client, operation, arguments)
        handler = DynamoHandler()
        handler.current_account, handler.region = DEFAULT_ACCOUNT_ID, client.meta.region_name
        handler.body = handler.params = copy.deepcopy(dict(arguments))
        try:
            result: Any = getattr(handler, xform_name(operation))()
        except (ServiceException, JsonRESTError):
            return whole_way(client, operation, arguments)  # a refusal changed nothing, so it is refused again
        told = {name: value for name, value in result.result.items() if name in model.output_shape.members}
        return copy.deepcopy({name: value for name, value in told.items() if value is not None})

    return call


def _with_the_same_items(self: Table, memo: dict[int, Any]) -> Table:
    """What moto goes back to when a transaction fails: of its own as far as writes go (`_on_its_own`)."""
    kept = copy.copy(self)
    kept.items = self.items.copy()
    return kept


def _on_its_own(table: Table, hash_key: DynamoType) -> None:
    """Before a write: whoever shares the table's items keeps the partition as it was."""
    if isinstance(held := table.items.get(hash_key), dict):
        table.items[hash_key] = dict(held)


def _put(put: Callable[..., Any]) -> Callable[..., Any]:
    def put_item(self: Table, item_attrs: Mapping[str, Any], *rest: Any, **more: Any) -> Any:
        _on_its_own(self, DynamoType(item_attrs[self.hash_key_attr]))
        return put(self, item_attrs, *rest, **more)

    return put_item


def _deleted(delete: Callable[..., Any]) -> Callable[..., Any]:
    def delete_item(self: Table, hash_key: DynamoType, range_key: DynamoType | None) -> Any:
        _on_its_own(self, hash_key)
        return delete(self, hash_key, range_key)

    return delete_item


def _updated(update: Callable[..., Any]) -> Callable[..., Any]:
    """An update changes its item in place."""

    def update_item(self: DynamoDBBackend, table_name: str, key: Mapping[str, Any], *rest: Any, **more: Any) -> Any:
        table = self.get_table(table_name)
        if (item := self.get_item(table_name, key)) is not None:
            _on_its_own(table, item.hash_key)
            held = table.items[item.hash_key] if item.range_key else table.items
            held[item.range_key or item.hash_key] = copy.deepcopy(item)
        return update(self, table_name, key, *rest, **more)

    return update_item


def _as_they_came(self: Table) -> list[Item]:
    """All items. A query sorts those that it finds."""
    held = self.items.values()
    return [item for items in held for item in items.values()] if self.range_key_attr else list(held)


def _projected(project: Callable[..., Item]) -> Callable[..., Item]:
    """Whole attributes need no way through JSON."""

    def attributes(self: Item, names: Sequence[Sequence[str]]) -> Item:
        if any(len(path) > 1 or "[" in path[0] for path in names):
            return project(self, names)
        kept = copy.copy(self)
        kept.attrs = LimitedSizeDict()
        kept.attrs.update({name: self.attrs[name] for [name] in names if name in self.attrs})
        return kept

    return attributes


def _forgotten_when_done(cls: type, *_: Any, **__: Any) -> Any:
    """moto keeps every item that ever was, to count them."""
    return object.__new__(cls)


@contextmanager
def quick_moto() -> Iterator[None]:
    with (
        mock.patch.object(Item, "project", _projected(Item.project)),
        mock.patch.object(BaseModel, "__new__", _forgotten_when_done),
        mock.patch.object(Table, "__deepcopy__", _with_the_same_items, create=True),
        mock.patch.object(Table, "put_item", _put(Table.put_item)),
        mock.patch.object(Table, "delete_item", _deleted(Table.delete_item)),
        mock.patch.object(DynamoDBBackend, "update_item", _updated(DynamoDBBackend.update_item)),
        mock.patch.object(Table, "all_items", _as_they_came),
    ):
        yield
