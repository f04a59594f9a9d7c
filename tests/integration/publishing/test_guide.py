"""The commands of docs/publishing.md do what it shows, and its messages are those of the socket."""

import json
import os
import re
import subprocess

from tests.conftest import PROJECT, RunningServer
from tests.integration.publishing.back_end import PUBLISH_TOKEN, BackEnd

GUIDE = (PROJECT / "docs" / "publishing.md").read_text()
COMMANDS = re.findall(r"^\$ (.+)\n(.+)$", GUIDE, re.MULTILINE)
EXCHANGES = re.findall(r"^```text\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
VARYING = {"stream_id", "trace_id", "silent_ms"}


def test_each_command_prints_what_the_guide_shows(publishing: RunningServer) -> None:
    assert len(COMMANDS) == 6
    stream_id = ""
    for command, shown in COMMANDS:
        variables = {"SERVICE": publishing.url, "PUBLISH_TOKEN": PUBLISH_TOKEN, "STREAM": stream_id}
        printed = subprocess.run(
            ["bash", "-euc", command], env={"PATH": os.environ["PATH"], **variables}, capture_output=True, check=True
        ).stdout
        answer, expected = json.loads(printed), json.loads(shown)
        stream_id = answer.get("stream_id", stream_id)
        assert list(answer) == list(expected)
        assert {**answer, **dict.fromkeys(VARYING)} == {**expected, **dict.fromkeys(VARYING)}


async def test_the_messages_on_the_socket_are_those_of_the_guide(producer: BackEnd, session_id: str) -> None:
    [exchange] = EXCHANGES
    stream_id = (await producer.create(session_id))["stream_id"]
    async with producer.socket(stream_id) as socket:
        for line in exchange.splitlines():
            sender, message = line[:1], json.loads(line[2:])
            if sender == ">":
                await socket.send(message.pop("type"), **message)
            else:
                assert await socket.until(message["type"], **message)
