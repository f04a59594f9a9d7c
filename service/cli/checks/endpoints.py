"""The HTTP routes that platforms and scrapers use."""

import json

from service.cli.checks.probe import Probe, expect, expect_equal

ROOT_SECONDS = 0.2
_ROOT_TRIES = 5
_NOT_PUBLIC = (401, 404)
"""401 where a token is required; 404 where a proxy or a separate port hides the metrics."""


async def root(probe: Probe) -> str:
    responses = await probe.get("/", times=_ROOT_TRIES)
    for response in responses:
        expect_equal("status", 200, response.status)
        body = json.loads(response.body)
        expect({"service", "status", "version"} <= set(body), "service, status and version", sorted(body))
        expect_equal("service", "Sales API", body["service"])
        expect_equal("status", "operational", body["status"])
    best = min(response.seconds for response in responses)
    expect(best < ROOT_SECONDS, f"a response in under {ROOT_SECONDS * 1000:.0f} ms", f"{best * 1000:.0f} ms at best")
    return f"best {best * 1000:.1f} ms, first {responses[0].seconds * 1000:.1f} ms, version {body['version']}"


async def health(probe: Probe) -> str:
    [response] = await probe.get("/health")
    expect_equal("status", 200, response.status)
    body = json.loads(response.body)
    expect(isinstance(body, dict) and "status" in body, "a JSON object with a status", response.body[:60])
    return f"{body['status']}, {response.seconds * 1000:.1f} ms"


async def ready(probe: Probe) -> str:
    [response] = await probe.get("/ready")
    expect_equal("status", 200, response.status)
    return f"{response.seconds * 1000:.1f} ms"


async def metrics(probe: Probe) -> str:
    [response] = await probe.get("/metrics")
    if response.status in _NOT_PUBLIC:
        return f"not public: status {response.status}"
    expect_equal("status", 200, response.status)
    expect(response.content_type.startswith("text/plain"), "content type text/plain", response.content_type)
    names = {line.split()[2] for line in response.body.decode().splitlines() if line.startswith("# TYPE ")}
    expect(any(name.startswith("stream_") for name in names), "metrics named stream_…", f"{len(names)} others")
    return f"{len(names)} metrics, {len(response.body)} bytes"


async def open_metrics(probe: Probe) -> str:
    [response] = await probe.get("/metrics", accept="application/openmetrics-text; version=1.0.0")
    if response.status in _NOT_PUBLIC:
        return f"not public: status {response.status}"
    expect_equal("status", 200, response.status)
    expected = "application/openmetrics-text"
    expect(response.content_type.startswith(expected), f"content type {expected}", response.content_type)
    expect(response.body.endswith(b"# EOF\n"), "# EOF at the end", repr(response.body[-20:]))
    return f"{len(response.body)} bytes"
