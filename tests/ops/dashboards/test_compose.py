"""The Compose stack, as far as it can be checked without Docker: its structure and every file that it mounts."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.catalogue import FOLDER
from dashboards.rules import GRAFANA, JOB
from tests.conftest import PROJECT
from tools.observe.prometheus import SCRAPE_SECONDS

Yaml = dict[str, Any]

FILE = PROJECT / "deploy" / "compose.yaml"
COMPOSE: Yaml = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, Yaml] = COMPOSE["services"]
WITHOUT_HEALTH_CHECK = {
    "service": "its image has one",
    **dict.fromkeys(("tempo", "loki", "collector"), "its image contains no HTTP client"),
}
EACH = pytest.mark.parametrize("name", SERVICES)


def mounts(name: str) -> dict[str, str]:
    """The volumes of a service: source by path in the container."""
    parts = [volume.split(":") for volume in SERVICES[name].get("volumes", [])]
    return {target: source for source, target, *_ in parts}


def mounted(name: str, target: str) -> Path:
    """The file or folder of the project that the container has at ``target``."""
    return (FILE.parent / mounts(name)[target]).resolve()


def load(path: Path) -> Yaml:
    content: Yaml = yaml.safe_load(path.read_text())
    return content


def test_stack_is_complete() -> None:
    assert SERVICES.keys() == {"service", "prometheus", "alertmanager", "grafana", "tempo", "loki", "collector"}


@EACH
def test_image_is_pinned(name: str) -> None:
    if name == "service":
        assert (FILE.parent / SERVICES[name]["build"] / "Dockerfile").is_file()
    else:
        assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+\.\d+", SERVICES[name]["image"])


@EACH
def test_container_has_limits_and_a_health_check(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"\d+m", service["mem_limit"])
    assert service["restart"] == "unless-stopped"
    assert service["cap_drop"] == ["ALL"]
    assert ("healthcheck" in service) == (name not in WITHOUT_HEALTH_CHECK)
    if "healthcheck" in service:
        assert service["healthcheck"]["test"][0] == "CMD"
    else:
        assert name != "service" or "HEALTHCHECK" in (PROJECT / "Dockerfile").read_text()


@EACH
def test_ports_are_published_on_the_loopback_address(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port)


@EACH
def test_mounted_files_exist_and_are_read_only(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source, _, *mode = volume.split(":")
        if source.startswith("."):
            assert (FILE.parent / source).exists()
            assert mode == ["ro"]
        else:
            assert source in COMPOSE["volumes"]


@EACH
def test_a_service_waits_only_for_services_with_a_health_check(name: str) -> None:
    needed = SERVICES[name].get("depends_on", {})
    assert set(needed) <= SERVICES.keys()
    if isinstance(needed, dict):
        healthy = {other for other, how in needed.items() if how["condition"] != "service_started"}
        assert healthy.isdisjoint(WITHOUT_HEALTH_CHECK)


def test_configuration_files_in_commands_are_mounted() -> None:
    for name, service in SERVICES.items():
        for argument in service.get("command", []):
            option, _, path = argument.partition("=")
            if option.lstrip("-") in {"config.file", "config"}:
                assert mounted(name, path).is_file()


def test_prometheus_accepts_its_configuration_and_the_rules(tmp_path: Path) -> None:
    shutil.copy(mounted("prometheus", "/etc/prometheus/prometheus.yml"), tmp_path)
    shutil.copytree(mounted("prometheus", "/etc/prometheus/rules"), tmp_path / "rules")
    done = subprocess.run(
        ["promtool", "check", "config", tmp_path / "prometheus.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 rule files found" in done.stdout


def test_prometheus_scrapes_every_service_and_the_job_name_is_that_of_the_alerts() -> None:
    configuration = load(mounted("prometheus", "/etc/prometheus/prometheus.yml"))
    jobs = {job["job_name"]: job["static_configs"][0]["targets"] for job in configuration["scrape_configs"]}
    assert jobs[JOB] == ["service:8000"]
    assert set(jobs) - {JOB} == set(SERVICES) - {"service"}
    assert configuration["global"]["scrape_interval"] == f"{SCRAPE_SECONDS}s"
    [manager] = configuration["alerting"]["alertmanagers"]
    assert manager["static_configs"] == [{"targets": jobs["alertmanager"]}]


def test_alertmanager_accepts_its_configuration() -> None:
    path = mounted("alertmanager", "/etc/alertmanager/alertmanager.yml")
    done = subprocess.run(["amtool", "check-config", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_dashboards_are_mounted_at_the_path_of_the_provider() -> None:
    provisioning = mounted("grafana", "/etc/grafana/provisioning")
    [provider] = load(provisioning / "dashboards" / "providers.yaml")["providers"]
    assert (provider["type"], provider["allowUiUpdates"]) == ("file", False)
    assert mounted("grafana", provider["options"]["path"]) == FOLDER
    home = Path(SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert str(home.parent) == provider["options"]["path"]
    assert (FOLDER / home.name).is_file()
    assert SERVICES["grafana"]["ports"] == [f"127.0.0.1:{GRAFANA.rpartition(':')[2]}:3000"]


def test_exemplars_link_to_traces_and_traces_to_logs() -> None:
    path = mounted("grafana", "/etc/grafana/provisioning") / "datasources" / "datasources.yaml"
    sources = {source["uid"]: source for source in load(path)["datasources"]}
    hosts = {uid: source["url"].removeprefix("http://").partition(":")[0] for uid, source in sources.items()}
    assert hosts == {"prometheus": "prometheus", "tempo": "tempo", "loki": "loki"}
    [exemplar] = sources["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    assert (exemplar["name"], exemplar["datasourceUid"]) == ("trace_id", "tempo")
    assert sources["prometheus"]["jsonData"]["timeInterval"] == f"{SCRAPE_SECONDS}s"
    to_logs = sources["tempo"]["jsonData"]["tracesToLogsV2"]
    assert (to_logs["datasourceUid"], "$${__trace.traceId}" in to_logs["query"]) == ("loki", True)
    [derived] = sources["loki"]["jsonData"]["derivedFields"]
    assert derived["datasourceUid"] == "tempo"
    line = (
        '{"ts":"2026-11-23T21:28:29.497Z","trace_id":"672a68672d5f3743c3c062b1ea0b95b0","span_id":"00f067aa0ba902b7"}'
    )
    found = re.search(derived["matcherRegex"], line)
    assert found
    assert found[1] == "672a68672d5f3743c3c062b1ea0b95b0"


def test_collector_exports_everything_that_it_receives() -> None:
    configuration = load(mounted("collector", "/etc/collector.yaml"))
    used: dict[str, set[str]] = {"receivers": set(), "processors": set(), "exporters": set()}
    for pipeline in configuration["service"]["pipelines"].values():
        for kind, names in pipeline.items():
            used[kind] |= set(names)
    assert used == {kind: set(configuration[kind]) for kind in used}
    hosts = {exporter["endpoint"].split("/")[2].partition(":")[0] for exporter in configuration["exporters"].values()}
    assert hosts == {"tempo", "loki"}

    spans = SERVICES["service"]["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"]
    port = configuration["receivers"]["otlp"]["protocols"]["http"]["endpoint"].rpartition(":")[2]
    assert spans == f"http://collector:{port}"
    lines = SERVICES["service"]["logging"]["options"]["fluentd-address"]
    assert f"{lines}:{lines.rpartition(':')[2]}" in SERVICES["collector"]["ports"]
    assert configuration["receivers"]["fluentforward"]["endpoint"].endswith(lines.rpartition(":")[2])


def test_tempo_and_loki_listen_at_the_addresses_in_use() -> None:
    tempo, loki = (load(mounted(name, f"/etc/{name}.yaml")) for name in ("tempo", "loki"))
    assert tempo["distributor"]["receivers"]["otlp"]["protocols"]["http"]["endpoint"] == "0.0.0.0:4318"
    sources = load(mounted("grafana", "/etc/grafana/provisioning") / "datasources" / "datasources.yaml")["datasources"]
    asked = {source["uid"]: source["url"] for source in sources}
    for name, configuration in (("tempo", tempo), ("loki", loki)):
        assert asked[name] == f"http://{name}:{configuration['server']['http_listen_port']}"
