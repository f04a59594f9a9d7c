"""Streams a Markdown file with the Python client and prints the HTML as it arrives.

Run it with ``.venv/bin/python examples/stream.py README.md``.
"""

import asyncio
import os
import sys
from pathlib import Path

from streaming_content import connect


async def main(service: str, content: str) -> None:
    """Print the chunks, then a line of statistics to standard error."""
    async with connect(service) as connection:
        stream = await connection.request(content, content_type="markdown", speed="superfast")
        async for chunk in stream:
            sys.stdout.write(chunk.data)
            sys.stdout.flush()
        print(f"{len(stream.chunks)} chunks of stream {stream.stream_id}", file=sys.stderr)  # noqa: T201 - a program


if __name__ == "__main__":
    asyncio.run(
        main(
            os.environ.get("SERVICE", "http://127.0.0.1:8000"),
            Path(sys.argv[1] if len(sys.argv) > 1 else "README.md").read_text(),
        )
    )
