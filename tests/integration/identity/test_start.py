"""What a start without tokens loads."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import environment


def test_without_tokens_no_cryptography_is_loaded(tmp_path: Path) -> None:
    """It would take a tenth of a second of each start, and memory in each process."""
    code = "import sys, service.app; service.app.create_app(); print(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(DATA_DIR=tmp_path), check=True, capture_output=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.decode().split()}
    assert loaded & {"service", "joserfc", "cryptography"} == {"service"}
