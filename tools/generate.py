"""Write the generated files that are committed, or check them: ``python -m tools.generate [--check] [NAME ...]``."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from dashboards.catalogue import render
from tools.generators.asyncapi_page import asyncapi_page
from tools.generators.clients import BUILD_FOLDERS, javascript_build, python_client, typescript
from tools.generators.content_tables import content_tables
from tools.generators.documents import configuration, env_example, protocol_tables, publishing_tables
from tools.generators.markdown import PROJECT
from tools.generators.observability_tables import observability_tables


class Generator(Struct, frozen=True):
    """A function that returns its files' texts by their paths, and the folders that hold no other file."""

    make: Callable[[], Mapping[str, str]]
    folders: Sequence[str] = ()

    def stale(self) -> Iterator[tuple[str, str | None]]:
        """Each path whose file differs, with the text that belongs there; ``None`` for a file to remove."""
        made = self.make()
        for path, text in made.items():
            file = PROJECT / path
            if not file.exists() or file.read_text() != text:
                yield path, text
        for folder in self.folders:
            present = (str(file.relative_to(PROJECT)) for file in (PROJECT / folder).rglob("*") if file.is_file())
            yield from ((path, None) for path in present if path not in made)


GENERATORS: Mapping[str, Generator] = {
    "asyncapi": Generator(asyncapi_page),
    "protocol": Generator(protocol_tables),
    "publishing": Generator(publishing_tables),
    "configuration": Generator(configuration),
    "env": Generator(env_example),
    "content": Generator(content_tables),
    "observability": Generator(observability_tables),
    "dashboards": Generator(render, ("dashboards/grafana",)),
    "python": Generator(python_client),
    "typescript": Generator(typescript),
    "javascript": Generator(javascript_build, BUILD_FOLDERS),
}
"""In an order in which each finds what the ones before it have written."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 1 if ``--check`` found a stale file."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is stale")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(GENERATORS))
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - GENERATORS.keys():
        parser.error(f"no generator is named {', '.join(unknown)}")
    found = False
    for name in options.names or GENERATORS:
        for path, text in list(GENERATORS[name].stale()):
            found = True
            print(f"{path}: {'is stale, run: make generate' if options.check else 'written' if text else 'removed'}")
            if not options.check:
                _write(path, text)
    return 1 if found and options.check else 0


def _write(path: str, text: str | None) -> None:
    file = PROJECT / path
    if text is None:
        file.unlink()
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


if __name__ == "__main__":
    sys.exit(main())
