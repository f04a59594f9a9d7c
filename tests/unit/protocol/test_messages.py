"""The descriptions and the wire names of messages."""

from typing import get_args

import pytest

from service.protocol.fields import DescribedEnum
from service.protocol.messages import GAP_SECONDS, ClientMessage, ClientMessageType, Speed
from service.protocol.server_messages import SERVER_MESSAGE_TYPES


@pytest.mark.parametrize("enumeration", DescribedEnum.__subclasses__())
def test_every_name_has_a_description(enumeration: type[DescribedEnum]) -> None:
    assert all(member.description for member in enumeration)


@pytest.mark.parametrize("speed", GAP_SECONDS)
def test_the_description_of_a_speed_states_its_gap(speed: Speed) -> None:
    assert speed.description == f"{GAP_SECONDS[speed] * 1000:.0f} ms between two chunks"


def test_the_types_of_client_messages_are_the_tags_of_their_structs() -> None:
    assert [kind.__struct_config__.tag for kind in get_args(ClientMessage)] == list(ClientMessageType)


def test_no_two_messages_have_the_same_type_or_name() -> None:
    kinds = [*get_args(ClientMessage), *SERVER_MESSAGE_TYPES]
    assert len({kind.__name__ for kind in kinds}) == len(kinds)
    assert len({*ClientMessageType, *SERVER_MESSAGE_TYPES.values()}) == len(kinds)
