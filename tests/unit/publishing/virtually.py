"""Runs a test in virtual time."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from tests.virtual_time import run_virtually


def virtually(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @wraps(test)
    def run(**arguments: object) -> None:
        run_virtually(test(**arguments))

    return run
