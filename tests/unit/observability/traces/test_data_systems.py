"""The addresses of data systems in spans."""

import pytest
from pydantic import SecretStr

from observability.traces.data_systems import data_systems
from service.events import DataSystem
from service.settings import Settings

CANARY = "canary-4711"


@pytest.mark.parametrize(
    ("url", "attributes"),
    [
        ("redis://redis.internal", {"db.namespace": "0", "server.address": "redis.internal", "server.port": 6379}),
        (f"rediss://user:{CANARY}@[::1]:7000/3", {"db.namespace": "3", "server.address": "::1", "server.port": 7000}),
        (f"redis://:{CANARY}@redis:7?x={CANARY}", {"db.namespace": "0", "server.address": "redis", "server.port": 7}),
        (f"unix://{CANARY}@/run/redis.sock?db=1", {"db.namespace": "0"}),
    ],
)
def test_the_address_of_redis_has_no_password(url: str, attributes: dict[str, str | int]) -> None:
    assert data_systems(Settings(redis_url=SecretStr(url))) == {DataSystem.REDIS: attributes}


@pytest.mark.parametrize(
    ("url", "attributes"),
    [
        (
            f"postgresql://user:{CANARY}@db.internal/usage%20rows?password={CANARY}",
            {"db.namespace": "usage rows", "server.address": "db.internal", "server.port": 5432},
        ),
        ("postgresql://127.0.0.1:9", {"server.address": "127.0.0.1", "server.port": 9}),
        (f"postgresql:///usage?host=/run&password={CANARY}", {}),
    ],
)
def test_the_address_of_postgresql_has_no_password(url: str, attributes: dict[str, str | int]) -> None:
    assert data_systems(Settings(database_url=SecretStr(url))) == {DataSystem.POSTGRESQL: attributes}


def test_without_settings_there_is_none() -> None:
    assert data_systems(Settings()) == {}
