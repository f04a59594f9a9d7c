"""The stack for docker, as far as it can be checked without docker: its structure, and every file that it mounts."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.links import JOB, Links
from dashboards.answers import SCRAPE_SECONDS
from dashboards.catalogue import FOLDER, rendered
from tests.conftest import PROJECT

Yaml = dict[str, Any]

COMPOSE: Yaml = yaml.safe_load((PROJECT / "deploy/compose.yaml").read_text())
SERVICES: dict[str, Yaml] = COMPOSE["services"]
WITHOUT_HEALTH_CHECK = {
    "service": "its image brings one",
    **dict.fromkeys(("tempo", "loki", "collector"), "nothing sure to be in its image could ask"),
}
EACH = pytest.mark.parametrize("name", SERVICES)


def mounts(name: str) -> dict[str, str]:
    """What a service sees where: the source by its place in the container."""
    parts = [volume.split(":") for volume in SERVICES[name].get("volumes", [])]
    return {target: source for source, target, *_ in parts}


def mounted(name: str, place: str) -> Path:
    return PROJECT / mounts(name)[place]


def load(path: Path) -> Yaml:
    content: Yaml = yaml.safe_load(path.read_text())
    return content


def test_the_whole_stack_is_there() -> None:
    assert SERVICES.keys() == {"service", "prometheus", "alertmanager", "grafana", "tempo", "loki", "collector"}


@EACH
def test_every_image_is_pinned(name: str) -> None:
    if name == "service":
        assert SERVICES[name]["build"] == "."
        assert (PROJECT / "Dockerfile").is_file()
    else:
        assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+\.\d+", SERVICES[name]["image"])


@EACH
def test_every_container_is_bounded_and_checked(name: str) -> None:
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
def test_no_port_is_open_to_others(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port)


@EACH
def test_every_mount_is_there_and_cannot_be_written(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source, _, *mode = volume.split(":")
        if source.startswith("./"):
            assert (PROJECT / source).exists()
            assert mode == ["ro"]
        else:
            assert source in COMPOSE["volumes"]


@EACH
def test_who_must_be_healthy_first_can_be_asked(name: str) -> None:
    needed = SERVICES[name].get("depends_on", {})
    assert set(needed) <= SERVICES.keys()
    if isinstance(needed, dict):
        healthy = {other for other, how in needed.items() if how["condition"] != "service_started"}
        assert healthy.isdisjoint(WITHOUT_HEALTH_CHECK)


def test_the_configurations_that_are_named_are_those_that_are_mounted() -> None:
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


def test_prometheus_scrapes_everybody_under_the_name_that_alerts_know() -> None:
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


def test_grafana_gets_the_dashboards_where_its_provider_looks() -> None:
    provisioning = mounted("grafana", "/etc/grafana/provisioning")
    [provider] = load(provisioning / "dashboards" / "providers.yaml")["providers"]
    assert (provider["type"], provider["allowUiUpdates"]) == ("file", False)
    assert mounted("grafana", provider["options"]["path"]) == FOLDER
    home = Path(SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert str(home.parent) == provider["options"]["path"]
    assert home.name in rendered()
    assert SERVICES["grafana"]["ports"] == [f"127.0.0.1:{Links().grafana.rpartition(':')[2]}:3000"]


def test_one_signal_leads_to_the_next() -> None:
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


def test_the_collector_hands_on_what_it_takes() -> None:
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


def test_tempo_listens_where_it_is_asked() -> None:
    tempo, loki = (load(mounted(name, f"/etc/{name}.yaml")) for name in ("tempo", "loki"))
    assert tempo["distributor"]["receivers"]["otlp"]["protocols"]["http"]["endpoint"] == "0.0.0.0:4318"
    sources = load(mounted("grafana", "/etc/grafana/provisioning") / "datasources" / "datasources.yaml")["datasources"]
    asked = {source["uid"]: source["url"] for source in sources}
    for name, configuration in (("tempo", tempo), ("loki", loki)):
        assert asked[name] == f"http://{name}:{configuration['server']['http_listen_port']}"
