"""HTTP: what platforms and scrapers ask."""

import json

from service.cli.checks.probe import Probe, expect, expect_equal

ROOT_SECONDS = 0.2
_ROOT_TRIES = 5
_NOT_PUBLIC = (401, 404)
"""Where a token is wanted; where a proxy, or a port of its own, keeps the metrics from the public."""


async def root(probe: Probe) -> str:
    answers = await probe.get("/", times=_ROOT_TRIES)
    for answer in answers:
        expect_equal("status", 200, answer.status)
        body = json.loads(answer.body)
        expect_equal("fields", {"service", "status", "version"}, set(body))
        expect_equal("service", "Sales API", body["service"])
        expect_equal("status", "operational", body["status"])
    best = min(answer.seconds for answer in answers)
    expect(best < ROOT_SECONDS, f"an answer in under {ROOT_SECONDS * 1000:.0f} ms", f"{best * 1000:.0f} ms at best")
    return f"best {best * 1000:.1f} ms, first {answers[0].seconds * 1000:.1f} ms, version {body['version']}"


async def health(probe: Probe) -> str:
    [answer] = await probe.get("/health")
    expect_equal("status", 200, answer.status)
    body = json.loads(answer.body)
    expect(isinstance(body, dict) and "status" in body, "a JSON object with a status", answer.body[:60])
    return f"{body['status']}, {answer.seconds * 1000:.1f} ms"


async def ready(probe: Probe) -> str:
    [answer] = await probe.get("/ready")
    expect_equal("status", 200, answer.status)
    return f"{answer.seconds * 1000:.1f} ms"


async def metrics(probe: Probe) -> str:
    [answer] = await probe.get("/metrics")
    if answer.status in _NOT_PUBLIC:
        return f"not public: status {answer.status}"
    expect_equal("status", 200, answer.status)
    expect(answer.content_type.startswith("text/plain"), "content type text/plain", answer.content_type)
    names = {line.split()[2] for line in answer.body.decode().splitlines() if line.startswith("# TYPE ")}
    expect(any(name.startswith("stream_") for name in names), "metrics named stream_…", f"{len(names)} others")
    return f"{len(names)} metrics, {len(answer.body)} bytes"


async def open_metrics(probe: Probe) -> str:
    [answer] = await probe.get("/metrics", accept="application/openmetrics-text; version=1.0.0")
    if answer.status in _NOT_PUBLIC:
        return f"not public: status {answer.status}"
    expect_equal("status", 200, answer.status)
    expected = "application/openmetrics-text"
    expect(answer.content_type.startswith(expected), f"content type {expected}", answer.content_type)
    expect(answer.body.endswith(b"# EOF\n"), "# EOF at the end", repr(answer.body[-20:]))
    return f"{len(answer.body)} bytes"
