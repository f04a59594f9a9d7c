"""What a start does not load."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import environment


def test_a_start_loads_neither_cryptography_without_tokens_nor_what_draws_on_terminals(tmp_path: Path) -> None:
    """Cryptography would take a tenth of a second of each start, rich a twentieth; and memory in each process."""
    modules = "service.app, service.cli.stream, service.cli.verify"
    code = f"import sys, {modules}; service.app.create_app(); print(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(DATA_DIR=tmp_path), check=True, capture_output=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.decode().split()}
    assert loaded & {"service", "joserfc", "cryptography", "rich"} == {"service"}
