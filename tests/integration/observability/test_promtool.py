"""The metrics, checked by the linter of Prometheus."""

import shutil
import subprocess

from pydantic import SecretStr

from observability.metrics.metrics_sink import Metrics
from service.settings import Settings


def test_promtool_accepts_names_and_units() -> None:
    redis, postgresql = SecretStr("redis://127.0.0.1/0"), SecretStr("postgresql://127.0.0.1/usage")
    metrics = Metrics(Settings(memory_limit=2**30, redis_url=redis, database_url=postgresql))
    promtool = shutil.which("promtool")
    assert promtool
    body, _ = metrics.exposition("")
    checked = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")
