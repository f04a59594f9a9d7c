"""railway.json and .env.example."""

import json
import re

from service.process.server import TELEMETRY_SECONDS, uvicorn_config
from service.settings import Settings
from service.websocket.connection import CLOSING_SECONDS
from tests.ops.packaging.project import PROJECT

DEFAULTS = Settings.model_construct()


def test_platform_waits_longer_than_a_shutdown_takes() -> None:
    deploy = json.loads((PROJECT / "railway.json").read_text())["deploy"]
    graceful = uvicorn_config("service.app:create_app").timeout_graceful_shutdown
    assert graceful is not None
    assert deploy["drainingSeconds"] > DEFAULTS.drain_seconds + CLOSING_SECONDS + graceful + TELEMETRY_SECONDS


def test_railway_json_is_valid() -> None:
    railway = json.loads((PROJECT / "railway.json").read_text())
    assert (PROJECT / railway["build"]["dockerfilePath"]).is_file()
    assert railway["build"]["builder"] == "DOCKERFILE"
    deploy = railway["deploy"]
    assert deploy["restartPolicyType"] == "ON_FAILURE"
    assert "startCommand" not in deploy, "it would run in a shell, which does not forward SIGTERM"
    # The parser of the platform rejects numbers in quotes, although its examples have them.
    numbers = {name: value for name, value in deploy.items() if name.endswith(("Seconds", "Timeout", "Retries"))}
    assert all(type(value) is int and value > 0 for value in numbers.values()), numbers


def test_the_values_of_env_example_are_accepted() -> None:
    lines = re.findall(r"^#([A-Z_]+)=(.+)$", (PROJECT / ".env.example").read_text(), re.MULTILINE)
    assert Settings(**{name.lower(): value for name, value in lines}) == DEFAULTS
