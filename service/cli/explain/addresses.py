"""Where explain looks: options, and for those that are not given the environment or ``.env``."""

import os
from argparse import Namespace
from collections.abc import Mapping

from dotenv import dotenv_values
from msgspec import Struct

from service.cli.explain.sources.http_source import Server
from service.cli.explain.sources.loki_source import SELECTOR

_PREFIX = "EXPLAIN_"
_DEFAULT_PORT = "8000"


class Addresses(Struct, frozen=True, kw_only=True):
    """The sources that are given."""

    logs: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()
    metrics_files: tuple[str, ...] = ()
    metrics: tuple[Server, ...] = ()
    prometheus: Server | None = None
    loki: Server | None = None
    tempo: Server | None = None
    alertmanager: Server | None = None
    job: str = ""
    selector: str = SELECTOR


def addresses_of(options: Namespace) -> Addresses:
    """The options, the variables ``EXPLAIN_…`` for those that are absent, and this machine if there is none."""
    variables = {name: value for name, value in {**dotenv_values(".env"), **os.environ}.items() if value}

    def given(name: str) -> str:
        return getattr(options, name) or variables.get(f"{_PREFIX}{name.upper()}", "")

    def several(name: str) -> tuple[str, ...]:
        return tuple(getattr(options, name) or variables.get(f"{_PREFIX}{name.upper()}", "").split())

    def server(name: str) -> Server | None:
        return _server(given(name), name, variables) if given(name) else None

    metrics = several("metrics")
    found = Addresses(
        logs=several("logs"),
        traces=several("traces"),
        metrics_files=tuple(one for one in metrics if "://" not in one),
        metrics=tuple(_server(one, "metrics", variables) for one in metrics if "://" in one),
        prometheus=server("prometheus"),
        loki=server("loki"),
        tempo=server("tempo"),
        alertmanager=server("alertmanager"),
        job=given("job"),
        selector=given("loki_selector") or SELECTOR,
    )
    if found == Addresses(job=found.job, selector=found.selector):
        local = f"http://127.0.0.1:{_port(variables)}/metrics"
        return Addresses(metrics=(_server(local, "metrics", variables),), job=found.job, selector=found.selector)
    return found


def _server(url: str, name: str, variables: Mapping[str, str]) -> Server:
    """The token of a source is in ``EXPLAIN_LOKI_TOKEN`` and the like; that of /metrics is the service's own."""
    token = variables.get("METRICS_TOKEN" if name == "metrics" else f"{_PREFIX}{name.upper()}_TOKEN", "")
    return Server(url, token, variables.get(f"{_PREFIX}TENANT", "") if name in ("loki", "tempo") else "")


def _port(variables: Mapping[str, str]) -> str:
    port = variables.get("METRICS_PORT") or variables.get("PORT", "0")
    return _DEFAULT_PORT if port.strip() == "0" else port.strip()
