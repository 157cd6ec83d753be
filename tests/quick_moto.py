"""moto's DynamoDB without the wire: its own handler gets the call's parameters, and its answer is returned as it is.

Most of a simulated run was spent on making requests, signing them, reading them and writing answers. What is
refused, and every other service, takes the whole way: botocore's check of the parameters, moto's errors.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

from botocore import xform_name
from botocore.client import BaseClient
from botocore.validate import ParamValidator
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.exceptions import JsonRESTError, ServiceException
from moto.core.responses import ActionResult
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

Call = Callable[[BaseClient, str, Mapping[str, Any]], Any]
_VALID = ParamValidator()


def straight(whole_way: Call) -> Call:
    """`whole_way`: botocore's call. The same, but straight into moto where it can be."""

    def call(client: BaseClient, operation: str, arguments: Mapping[str, Any]) -> Any:
        if client.meta.service_model.service_name != "dynamodb":
            return whole_way(client, operation, arguments)
        shape = client.meta.service_model.operation_model(operation).input_shape
        if _VALID.validate(arguments, shape).has_errors():
            return whole_way(client, operation, arguments)
        handler = DynamoHandler()
        handler.current_account, handler.region = DEFAULT_ACCOUNT_ID, client.meta.region_name
        handler.body = handler.params = copy.deepcopy(dict(arguments))
        try:
            result: ActionResult = getattr(handler, xform_name(operation))()
        except (ServiceException, JsonRESTError):
            return whole_way(client, operation, arguments)  # a refusal changed nothing, so it is refused again
        return copy.deepcopy(result.result)

    return call


def _shallow(self: Table, memo: dict[int, Any]) -> Table:
    """What moto goes back to when a transaction fails."""
    kept = copy.copy(self)
    kept.items = type(self.items)(self.items.default_factory)
    for partition, items in self.items.items():
        kept.items[partition] = dict(items) if isinstance(items, dict) else items
    return kept


def _copied_on_update(update: Callable[..., Any]) -> Callable[..., Any]:
    """An update changes its item in place, so whoever shares it must keep the old one."""

    def update_item(self: DynamoDBBackend, table_name: str, key: Mapping[str, Any], *rest: Any, **more: Any) -> Any:
        table = self.get_table(table_name)
        if (item := self.get_item(table_name, key)) is not None:
            held = table.items[item.hash_key] if item.range_key else table.items
            held[item.range_key or item.hash_key] = copy.deepcopy(item)
        return update(self, table_name, key, *rest, **more)

    return update_item


@contextmanager
def quick_moto() -> Iterator[None]:
    with (
        mock.patch.object(Table, "__deepcopy__", _shallow, create=True),
        mock.patch.object(DynamoDBBackend, "update_item", _copied_on_update(DynamoDBBackend.update_item)),
    ):
        yield
