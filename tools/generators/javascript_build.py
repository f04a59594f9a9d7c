"""The build of the JavaScript client and the test page, by clients/build.mjs, with the installed node packages."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.generators.markdown import PROJECT

FOLDERS = ("clients/js/dist", "service/static")
"""What the build writes, and nothing else does."""


def javascript_build() -> dict[str, str]:
    node = Path(sys.executable).parent / "node"
    with TemporaryDirectory() as folder:
        subprocess.run([node, PROJECT / "clients/build.mjs", folder], check=True)  # noqa: S603 - of the project
        built = Path(folder)
        return {
            str(path.relative_to(built)): path.read_text()
            for part in FOLDERS
            for path in sorted((built / part).rglob("*"))
            if path.is_file()
        }
