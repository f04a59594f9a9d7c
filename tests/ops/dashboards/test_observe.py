"""``make observe``: it starts, shows, and leaves nothing behind."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from tests.conftest import PROJECT, environment
from tests.waiting import wait_for

COMMAND = [sys.executable, "-m", "dashboards.live", "--port", "0"]


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Where it cannot start."""
    return subprocess.run(
        [*COMMAND, *arguments], cwd=PROJECT, env=environment(**variables), capture_output=True, text=True, check=False
    )


@contextmanager
def observed() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and the address it says."""
    process = subprocess.Popen(
        COMMAND, cwd=PROJECT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    with process.stdout as output:
        try:
            said = output.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", said)
            assert found, said + output.read()
            yield process, found[0]
        finally:
            process.terminate()
            process.wait()


def test_it_shows_the_stack_and_leaves_nothing_behind() -> None:
    with observed() as (process, address), httpx.Client(trust_env=False, follow_redirects=True) as http:
        servers = psutil.Process(process.pid).children(recursive=True)
        names = " ".join(" ".join(server.cmdline()) for server in servers)
        assert all(name in names for name in ("-m service serve", "prometheus.yml", "alertmanager.yml"))
        folders = {Path(server.cwd()) for server in servers} - {PROJECT}
        assert all(folder.is_dir() for folder in folders)

        wait_for(lambda: http.get(address).text.count("<img") == 4, "all dashboards are drawn")
        page = http.get(address).text
        links = re.findall(r'href="([^"]+)"', page)
        assert len(links) == 5
        for link in links:
            assert http.get(link).is_success, link
        for picture in re.findall(r'src="([^"]+)"', page):
            assert http.get(address + picture).content.startswith(b"\x89PNG")
        [manager] = [link.removesuffix("/api/v2/alerts") for link in links if link.endswith("/api/v2/alerts")]
        wait_for(lambda: told(http.get(f"{manager}/metrics").text), "the watchdog is told to the page")
        http.post(f"{address}/ticket", json=notification()).raise_for_status()
        assert "&lt;b&gt;One&lt;/b&gt; stream fails" in http.get(address).text
        assert http.get(f"{address}/../etc/passwd").status_code == 404

        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert not any(server.is_running() for server in servers)
    assert not any(folder.exists() for folder in folders)


def test_it_says_that_its_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("--port", str(port))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"The page cannot be served on port {port}: Address already in use.\n"


def test_it_says_which_server_is_missing() -> None:
    done = run(PATH="/nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "prometheus-alertmanager is not installed; `make servers` installs it.\n"


def told(metrics: str) -> bool:
    """Whether Alertmanager has delivered something, and failed at nothing."""
    sent, failed = (
        re.findall(
            rf'^alertmanager_notifications_{which}total{{integration="webhook".*}} (\d+)$', metrics, re.MULTILINE
        )
        for which in ("", "failed_")
    )
    assert not any(map(int, failed))
    return any(map(int, sent))


def notification() -> dict[str, object]:
    """As Alertmanager sends one."""
    labels = {"alertname": "HighErrorRate", "severity": "critical"}
    alert = {"status": "firing", "labels": labels, "annotations": {"summary": "<b>One</b> stream fails"}}
    return {"receiver": "ticket", "alerts": [alert]}
