"""JSON of a server, which may be any server."""

import json
from typing import Any


def json_object(text: str | bytes | bytearray) -> dict[str, Any]:
    """Return the object in a text; an empty one if there is none, or if it is nested too deeply to be read."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
