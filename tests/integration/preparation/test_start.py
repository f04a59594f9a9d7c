"""The start of the service loads what the first response needs, and the content engine after it."""

import subprocess
import sys

import psutil
import pytest

from tests.conftest import StartServer, environment
from tests.waiting import eventually


@pytest.mark.parametrize("module", ["service.content.prepare", "icu4py", "nh3", "pyromark"])
def test_the_application_is_created_without_the_content_engine(module: str) -> None:
    program = f"import sys, service.app; print({module!r} in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


async def test_the_content_engine_is_loaded_before_the_first_request(start_server: StartServer) -> None:
    process = psutil.Process(start_server().process.pid)

    async def has_the_sanitiser() -> bool:
        return any("nh3" in mapped.path for mapped in process.memory_maps())

    await eventually(has_the_sanitiser)
