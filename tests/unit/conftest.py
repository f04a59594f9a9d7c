"""Unit tests start no process and open no socket.

The socket pair inside an event loop is allowed. A violation fails the test, also where the code under test catches the
exception.
"""

import sys
from collections.abc import Iterator
from socket import AF_INET, AF_INET6

import pytest

_FORBIDDEN = {"os.exec", "os.fork", "os.posix_spawn", "os.system", "socket.bind", "socket.connect", "subprocess.Popen"}


class _Audit:
    """Refuses what a unit test must not do, while one runs. An audit hook cannot be removed."""

    def __init__(self) -> None:
        self.active = False
        self.violations: list[str] = []

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.active and (event in _FORBIDDEN or (event == "socket.__new__" and arguments[1] in (AF_INET, AF_INET6))):
            self.violations.append(event)
            raise RuntimeError(f"A unit test must not use {event}: move the test to tests/integration.")


_audit = _Audit()
sys.addaudithook(_audit)


@pytest.fixture(autouse=True)
def _no_process_no_socket() -> Iterator[None]:
    _audit.violations.clear()
    _audit.active = True
    yield
    _audit.active = False
    assert _audit.violations == []
