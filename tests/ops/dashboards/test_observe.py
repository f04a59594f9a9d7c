"""``make observe``: it starts, shows the stack, and removes everything at the end."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import httpx
import psutil
from PIL import Image

from dashboards.catalogue import BOARDS
from tests.conftest import PROJECT, environment
from tests.waiting import LIMIT_SECONDS, wait_for
from tools.observe.picture import WIDTH

COMMAND = [sys.executable, "-m", "tools.observe", "--port", "0"]


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """For cases in which it cannot start."""
    return subprocess.run(
        [*COMMAND, *arguments], cwd=PROJECT, env=environment(**variables), capture_output=True, text=True, check=False
    )


@contextmanager
def observed() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and the address that it prints."""
    process = subprocess.Popen(
        COMMAND, cwd=PROJECT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    with process.stdout as output:
        try:
            printed = output.readline()
            assert printed.startswith("The demo: "), "the first line is there before anything is loaded or started"
            while (found := re.search(r"page +(http://127\.0\.0\.1:\d+)", printed)) is None:
                line = output.readline()
                assert line, printed
                printed += line
            yield process, found[1]
        finally:
            process.terminate()
            process.wait()


def test_page_shows_the_stack_and_the_end_removes_everything() -> None:
    with observed() as (process, address), httpx.Client(trust_env=False, follow_redirects=True) as http:
        first = http.get(address).text
        assert first.count("<li>") == 5, "the page shows from the beginning what is being started"

        wait_for(lambda: http.get(address).text.count("<img") == len(BOARDS), "all dashboards are drawn")
        servers = psutil.Process(process.pid).children(recursive=True)
        commands = " ".join(" ".join(server.cmdline()) for server in servers)
        assert all(name in commands for name in ("-m service serve", "prometheus.yml", "alertmanager.yml"))
        folders = {Path(path) for path in re.findall(r"--config.file=(\S+)/\w+.yml", commands)}
        assert folders
        assert all(folder.is_dir() for folder in folders)

        page = http.get(address).text
        links = re.findall(r'href="([^"]+)"', page)
        assert len(links) == 5
        for link in links:
            assert http.get(link).is_success, link
        for picture in re.findall(r'src="([^"]+)"', page):
            content = http.get(address + picture).content
            with Image.open(BytesIO(content)) as image:
                assert (image.format, image.width) == ("PNG", WIDTH)
                assert len(image.getcolors() or []) > 20
            assert len(content) < 250_000
        [manager] = [link.removesuffix("/api/v2/alerts") for link in links if link.endswith("/api/v2/alerts")]
        wait_for(lambda: has_notified(http.get(f"{manager}/metrics").text), "a notification arrives")
        http.post(f"{address}/ticket", json=notification()).raise_for_status()
        assert "&lt;b&gt;One&lt;/b&gt; stream fails" in http.get(address).text
        assert http.get(f"{address}/../etc/passwd").status_code == 404

        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT_SECONDS) == 0
    assert not any(server.is_running() for server in servers)
    assert not any(folder.exists() for folder in folders)


def test_port_in_use_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("--port", str(port))
    assert done.returncode == 2
    assert "page  " not in done.stdout
    assert done.stderr == f"The page cannot be served on port {port}: Address already in use.\n"


def test_missing_server_is_an_error() -> None:
    done = run(PATH="/nowhere")
    assert done.returncode == 2
    assert done.stderr == "prometheus-alertmanager is not installed; `make servers` installs it.\n"


def has_notified(metrics: str) -> bool:
    """Whether Alertmanager has delivered a notification; fails if a delivery has failed."""
    sent, failed = (
        re.findall(
            rf'^alertmanager_notifications_{which}total{{integration="webhook".*}} (\d+)$', metrics, re.MULTILINE
        )
        for which in ("", "failed_")
    )
    assert not any(map(int, failed))
    return any(map(int, sent))


def notification() -> dict[str, object]:
    """The body of a request that Alertmanager sends."""
    labels = {"alertname": "HighErrorRate", "severity": "critical"}
    alert = {"status": "firing", "labels": labels, "annotations": {"summary": "<b>One</b> stream fails"}}
    return {"receiver": "ticket", "alerts": [alert]}
