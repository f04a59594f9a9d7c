"""What the log has of authentication when the service starts."""

import pytest

from tests.conftest import StartServer
from tests.waiting import wait_for


@pytest.mark.parametrize(("workers", "level"), [(1, "ERROR"), (2, "WARNING")])
def test_an_empty_mode_and_a_misspelt_one_are_reported_once_at_every_level(
    start_server: StartServer, workers: int, level: str
) -> None:
    server = start_server(HOST="0.0.0.0", AUTH_MODE="", AUTH_MODES="jwt", LOG_LEVEL=level, MAX_WORKERS=workers)

    def listening() -> bool:
        return [line["event"] for line in server.log].count("service_listening") == workers

    wait_for(listening, "each process has started")
    reported = [line["event"] for line in server.log if line["level"] == "WARNING"]
    assert reported == ["every_client_admitted", "setting_unknown"]
