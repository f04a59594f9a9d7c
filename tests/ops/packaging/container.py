"""Runs a Dockerfile without Docker: the same steps, in an empty folder in place of the root of the container.

It does not pull a base image (the running interpreter replaces it), change users, or limit resources.
A step can use only the commands that are linked into the folder, so that a build does not affect the machine. An
instruction, flag or command that is not implemented here is an error.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import NamedTuple

from docker.utils import exclude_paths

_ROOTED = re.compile(r"(?<![\w./-])/(?=[a-z])")
"""The first slash of an absolute path in a command or an environment variable."""

_LINKED = ("mkdir",)
_RECORDED = ("chown",)
"""Commands that need root: recorded, not run."""

NETWORK = re.compile(r"HOME|(PIP|SSL|REQUESTS|CURL)_\w+|\w+_proxy", re.IGNORECASE)
"""Variables for access to package registries, which an engine passes to a build."""


class Instruction(NamedTuple):
    """One instruction: ``COPY --from=a b c`` is ``("COPY", {"from": "a"}, "b c")``."""

    word: str
    flags: dict[str, str]
    arguments: str


def parse(dockerfile: str) -> list[Instruction]:
    """The instructions of a Dockerfile, without comments and with continued lines joined."""
    lines = "\n".join(line for line in dockerfile.splitlines() if not line.lstrip().startswith("#"))
    instructions = []
    for line in lines.replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        word, _, rest = line.strip().partition(" ")
        flags = {}
        while found := re.match(r"\s*--([\w-]+)=(\S+)\s+", rest):
            flags[found[1]] = found[2]
            rest = rest[found.end() :]
        instructions.append(Instruction(word, flags, rest.strip()))
    return instructions


@dataclass
class Image:
    """A stage so far: its files under ``root``, and how to run a container of it."""

    root: Path
    base: str
    tools: Path
    """The folder of commands in place of the ``PATH`` of the base image."""
    environment: dict[str, str] = field(default_factory=dict)
    workdir: Path = Path()
    user: str = "root"
    owned: list[str] = field(default_factory=list)
    """The arguments of ``chown``."""
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.environment["PATH"] = str(self.tools)
        self.workdir = self.root

    def inside(self, path: str) -> Path:
        """The path on this machine of a path in the container."""
        return self.root / path.lstrip("/") if path.startswith("/") else self.workdir / path

    def start(self, command: list[str], environment: dict[str, str], output: Path) -> subprocess.Popen[bytes]:
        """Run a command in a container of this image, without the environment of this machine."""
        with output.open("ab") as sink:
            return subprocess.Popen(
                [shutil.which(command[0], path=self.environment["PATH"]) or command[0], *command[1:]],
                cwd=self.workdir,
                env=self.environment | environment,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )


class Build:
    """Runs the stages of one Dockerfile, one after another in the same folder.

    A completed stage is moved to another folder, so that a later stage copies its files from the same paths, as in
    Docker.
    """

    def __init__(self, project: Path, tracked: set[str], workspace: Path) -> None:
        self._workspace = workspace
        self._root = workspace / "root"
        self._context = workspace / "context"
        self._stages: dict[str, Path] = {}
        self._tools = _tools(workspace / "tools", workspace / "recorded")
        patterns = (project / ".dockerignore").read_text().splitlines()
        patterns = [line for line in patterns if line and not line.startswith("#")]
        self.sent = sorted(path for path in exclude_paths(str(project), patterns) if path in tracked)
        """The build context: versioned files that are not ignored, and those that an engine always adds."""
        for path in self.sent:
            (self._context / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(project / path, self._context / path)

    def run(self, instructions: list[Instruction]) -> Image:
        """The image of the last stage."""
        image: Image | None = None
        name = ""
        for instruction in instructions:
            if instruction.word == "FROM":
                if image is not None:
                    self._stages[name] = self._root.rename(self._workspace / f"stage-{name}")
                base, _, name = instruction.arguments.partition(" AS ")
                self._root.mkdir()
                image = Image(self._root, base, self._tools)
            else:
                assert image is not None, "a Dockerfile begins with FROM"
                self._apply(instruction, image)
        assert image is not None, "a Dockerfile has a stage"
        return image

    def _apply(self, instruction: Instruction, image: Image) -> None:  # noqa: C901 - one flat case an instruction
        match instruction:
            case Instruction("WORKDIR", {}, path):
                image.workdir = image.inside(path)
                image.workdir.mkdir(parents=True, exist_ok=True)
            case Instruction("ENV", {}, pairs):
                for pair in shlex.split(pairs):
                    name, _, value = pair.partition("=")
                    image.environment[name] = Template(self._rooted(value)).substitute(image.environment)
            case Instruction("COPY", flags, paths) if flags.keys() <= {"from"}:
                origin = self._stages[flags["from"]] if flags else self._context
                *sources, destination = shlex.split(paths)
                for source in sources:
                    _copy(origin / source.lstrip("/"), image.inside(destination), into=destination.endswith("/"))
            case Instruction("RUN", {}, command):
                self._execute(command, image)
            case Instruction("USER", {}, user):
                image.user = user
            case Instruction("EXPOSE", {}, _):
                pass
            case Instruction("HEALTHCHECK", _, check) if check.startswith("CMD "):
                image.healthcheck = json.loads(check.removeprefix("CMD "))
            case Instruction("CMD", {}, command):
                image.command = json.loads(command)  # the exec form is JSON; the shell form is not, and fails
            case _:
                raise NotImplementedError(f"not implemented in tests/ops/packaging/container.py: {instruction}")

    def _execute(self, command: str, image: Image) -> None:
        network = {name: value for name, value in os.environ.items() if NETWORK.fullmatch(name)}
        subprocess.run(
            ["/bin/sh", "-c", self._rooted(command)], cwd=image.workdir, env=network | image.environment, check=True
        )
        recorded = self._workspace / "recorded"
        if recorded.exists():
            image.owned += recorded.read_text().replace(str(self._root), "").splitlines()
            recorded.unlink()

    def _rooted(self, text: str) -> str:
        return _ROOTED.sub(f"{self._root}/", text)


def _copy(source: Path, destination: Path, *, into: bool) -> None:
    """As COPY does: the contents of a folder, or a file."""
    if source.is_dir():
        shutil.copytree(source, destination, symlinks=True, dirs_exist_ok=True)
        return
    target = destination / source.name if into or destination.is_dir() else destination
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _tools(folder: Path, recorded: Path) -> Path:
    """The commands that a step can use."""
    folder.mkdir()
    python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    scripts = {"python": f'exec "{python}" "$@"'}
    scripts |= {name: f'exec "{shutil.which(name)}" "$@"' for name in _LINKED}
    scripts |= {name: f'echo "{name} $*" >> "{recorded}"' for name in _RECORDED}
    for name, line in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    return folder
