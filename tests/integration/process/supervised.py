"""A supervisor whose workers fail or hang: ``python -m tests.integration.process.supervised fail``, or ``hang``."""

import signal
import sys
import time

from service.process.supervisor import Loss, Supervisor

END_SECONDS = 0.5


def fail(_: Loss | None) -> None:
    """Ends with an error."""
    sys.exit(3)


def hang(_: Loss | None) -> None:
    """Ignores SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.stdout.write("hangs\n")
    sys.stdout.flush()
    while True:
        time.sleep(1)


if __name__ == "__main__":
    work = {"fail": fail, "hang": hang}[sys.argv[1]]
    sys.exit(Supervisor(work, 2, END_SECONDS).run())
