"""The document of a service with default settings."""

from collections.abc import Iterator
from typing import Any

import pytest

from service import __version__
from service.asyncapi import asyncapi
from service.protocol.limits import Limits
from tests.integration.asyncapi.parser import Parser

Json = dict[str, Any]


@pytest.fixture(scope="session")
def document() -> Json:
    return asyncapi(Limits(), __version__, "localhost:8000")


@pytest.fixture(scope="session")
def parser() -> Iterator[Parser]:
    started = Parser()
    yield started
    started.close()
