"""A process with usage: ``python -m tests.integration.usage.process FOLDER URL NAME COUNT``.

It records COUNT streams, prints a line when all are queued, and ends at the end of its input, unless it is killed.
"""

import sys
from pathlib import Path

from service.usage.usage import Usage
from tests.integration.usage.recording import Recording
from tests.unit.usage.streams import opened, whole

if __name__ == "__main__":
    folder, url, name, count = sys.argv[1:]
    usage = Usage(
        data_dir=Path(folder),
        database_url=url or None,
        retention_days=90,
        session_seconds=3600.0,
        version="1.2.3",
        recorder=Recording(),
    )
    usage.start()
    usage.sink.record(opened(name, "an-epoch"))
    for number in range(int(count)):
        for event in whole(f"{name}-{number}", name):
            usage.sink.record(event)
    sys.stdout.write("recorded\n")
    sys.stdout.flush()
    sys.stdin.read()
    usage.close(10.0)
