"""Write the files that Prometheus and Alertmanager read, and the tables in the documents: ``python -m alerts``."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from alerts.links import Links
from alerts.routing import alertmanager
from alerts.rules import alert_rules, recording_rules
from alerts.tables import documents

FOLDER: Final = Path(__file__).parent
_HEADER: Final = "# Made by python -m alerts: change what it is made from, in alerts/, and run it again.\n"


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as such."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def files(links: Links) -> Mapping[str, str]:
    """The text of each file, by its path in this package."""
    contents: dict[str, dict[str, Any]] = {
        "prometheus/recording.yml": recording_rules(),
        "prometheus/alerts.yml": alert_rules(links),
        "alertmanager.yml": alertmanager(links),
    }
    return {
        path: _HEADER + yaml.dump(content, Dumper=_Dumper, sort_keys=False, width=4096)
        for path, content in contents.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m alerts", description="Write the files of Prometheus and Alertmanager."
    )
    parser.add_argument(
        "--output",
        metavar="FOLDER",
        type=Path,
        help="where to; without it into this project, with the documents' tables",
    )
    for field in msgspec.structs.fields(Links):
        parser.add_argument(f"--{field.name}", metavar="URL", default=field.default, help="default: %(default)s")
    options = vars(parser.parse_args())
    output: Path | None = options.pop("output")
    texts = {(output or FOLDER) / path: text for path, text in files(Links(**options)).items()}
    for path, text in (texts if output else texts | documents()).items():
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
