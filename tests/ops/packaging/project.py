"""The project according to its files."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[3]


def pyproject() -> dict[str, Any]:
    """``pyproject.toml``."""
    return tomllib.loads((PROJECT / "pyproject.toml").read_text())


def tracked_files() -> set[str]:
    """All files that git has or would add: those of a clone."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    )
    return {path for path in listed.stdout.split("\0") if path and (PROJECT / path).exists()}


def locked(name: str) -> dict[str, list[Requirement]]:
    """The requirements of a lock by normalised name. Fails for any other line, and for one without a hash."""
    text = (PROJECT / "requirements" / name).read_text()
    requirements: dict[str, list[Requirement]] = {}
    for line in re.sub(r"\\\n", "", re.sub(r"#.*", "", text)).splitlines():
        if line.strip() in {"", "--only-binary :all:"}:
            continue
        requirement, *hashes = line.split(" --hash=sha256:")
        assert hashes, f"no hash: {line}"
        assert all(re.fullmatch(r"[0-9a-f]{64}", one.strip()) for one in hashes), line
        parsed = Requirement(requirement)
        requirements.setdefault(canonicalize_name(parsed.name), []).append(parsed)
    return requirements
