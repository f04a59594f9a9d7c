"""What the log has of authentication when the service starts."""

from tests.conftest import StartServer


async def test_an_empty_mode_and_a_misspelt_one_are_reported_once_at_every_level(start_server: StartServer) -> None:
    server = start_server(HOST="0.0.0.0", AUTH_MODE="", AUTH_MODES="jwt", LOG_LEVEL="ERROR")
    server.logged("service_listening")
    reported = [line["event"] for line in server.log if line["level"] == "WARNING"]
    assert reported == ["every_client_admitted", "setting_unknown"]
