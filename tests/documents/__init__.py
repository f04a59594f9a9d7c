"""Documents as people send them: whole files, those of this repository among them."""

from pathlib import Path

from service.protocol.messages import ContentType

_HERE = Path(__file__).parent
_PROJECT = _HERE.parents[1]
_CONTENT_TYPES = {".html": ContentType.HTML, ".md": ContentType.MARKDOWN}


def paths() -> list[Path]:
    """All of them; what the project itself says is as real as any."""
    ours = [_PROJECT / "README.md", *(_PROJECT / "docs").glob("*.md")]
    return sorted(path for path in [*_HERE.iterdir(), *ours] if path.suffix in _CONTENT_TYPES)


def content_type(path: Path) -> ContentType:
    return _CONTENT_TYPES[path.suffix]
