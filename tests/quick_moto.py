"""moto without what takes most of its time: looking for each of the ten kinds of value in every attribute of an item.

Half of a simulated run was spent there. The members that an attribute does not have are left out unasked; all else is
moto's own serialisation.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from moto.core.serialize import BaseJSONSerializer

_serialize = BaseJSONSerializer._serialize_type_structure
_PLAIN = {"S", "N", "BOOL", "NULL"}


def _serialize_what_is_there(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    if shape.name != "AttributeValue" or not isinstance(value, dict) or not key:
        _serialize(self, serialized, value, shape, key)
    elif value.keys() <= _PLAIN:
        self._default_serialize(serialized, value, shape, key)
    else:
        wrapper: Any = self.MAP_TYPE()
        for member in value:
            self._serialize_structure_member(wrapper, value, shape.members[member], member)
        self._default_serialize(serialized, wrapper, shape, key)


@contextmanager
def quick_moto() -> Iterator[None]:
    with mock.patch.object(BaseJSONSerializer, "_serialize_type_structure", _serialize_what_is_there):
        yield
