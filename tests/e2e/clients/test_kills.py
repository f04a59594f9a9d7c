"""The service is killed and restarted during a stream; the user of the client receives every chunk once."""

import asyncio
import json
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

from tests.e2e.clients.program import start_program
from tests.integration.instances.instances import Instance
from tests.waiting import LIMIT_SECONDS

KILLS = 5
CHUNKS_BETWEEN = 6
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
CONTENT = "".join(f"<p>word{index} <b>bold{index}</b></p>" for index in range(40))


async def lines(program: Process) -> list[dict[str, Any]]:
    assert program.stdout is not None
    return [json.loads(line) async for line in program.stdout]


async def test_a_stream_survives_the_process_that_started_it(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "instance", {"DRAIN_SECONDS": 0})
    program = await start_program(
        "survivor.mjs",
        SERVICE=f"http://{instance.address}",
        CONTENT=CONTENT,
        TRACEPARENT=f"00-{TRACE_ID}-00f067aa0ba902b7-01",
    )
    assert program.stdout is not None
    chunks: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            for _ in range(KILLS):
                chunks += [json.loads(await program.stdout.readline()) for _ in range(CHUNKS_BETWEEN)]
                instance.kill()
                await asyncio.to_thread(instance.start)
            *others, end = await lines(program)
    finally:
        if program.returncode is None:
            program.kill()
        await program.wait()
        instance.stop()
    chunks += others
    assert [chunk["index"] for chunk in chunks] == list(range(len(chunks)))
    assert "".join(chunk["data"] for chunk in chunks) == CONTENT
    assert chunks[-1]["close"] == ""
    assert end == {"totalChunks": len(chunks), "traceId": TRACE_ID, "requestsLeft": 99}


async def test_three_streams_at_once_survive_the_process(tmp_path: Path) -> None:
    contents = [CONTENT.replace("word", word) for word in ("one", "two", "three")]
    instance = Instance(tmp_path / "instance", {"DRAIN_SECONDS": 0})
    service = f"http://{instance.address}"
    program = await start_program("survivors.mjs", SERVICE=service, CONTENTS=json.dumps(contents))
    assert program.stdout is not None
    chunks: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            for _ in range(3):
                chunks += [json.loads(await program.stdout.readline()) for _ in range(3 * CHUNKS_BETWEEN)]
                instance.kill()
                await asyncio.to_thread(instance.start)
            *others, end = await lines(program)
    finally:
        if program.returncode is None:
            program.kill()
        await program.wait()
        instance.stop()
    chunks += others
    each = [[chunk for chunk in chunks if chunk["number"] == number] for number in range(3)]
    assert ["".join(chunk["data"] for chunk in stream) for stream in each] == contents
    assert all([chunk["index"] for chunk in stream] == list(range(len(stream))) for stream in each)
    assert end == {"totals": [len(stream) for stream in each], "requestsLeft": 97}
