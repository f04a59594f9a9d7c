"""Events are values: two that record the same are equal, however they were made."""

from enum import Enum
from types import NoneType
from typing import get_args

import pytest
from msgspec import Struct, UnsetType
from msgspec.structs import fields

from service.events import Event

SINGLE = (NoneType, UnsetType, Enum, type, BaseException)
"""Kinds of which each value exists once: equal is identical. An exception is recorded once, as the one that it is."""


def identities(kind: object) -> set[object]:
    """The classes in the fields of an event, at any depth, whose instances are equal to themselves only."""
    found = {part for argument in get_args(kind) for part in identities(argument)}
    if not isinstance(kind, type) or issubclass(kind, SINGLE):
        return found
    if issubclass(kind, Struct):
        found |= {part for field in fields(kind) for part in identities(field.type)}
    return found | ({kind} if kind.__eq__ is object.__eq__ else set())


@pytest.mark.parametrize("event", get_args(Event))
def test_events_are_compared_by_value(event: type[Event]) -> None:
    assert identities(event) == set()
