"""What identifies a process in all of its telemetry: the resource attributes of OpenTelemetry.

Source: https://opentelemetry.io/docs/specs/semconv/resource/
"""

import os
from urllib.parse import unquote
from uuid import uuid4

from service import __version__
from service.settings import SettingsError

INSTANCE_ID = "service.instance.id"
_NAME = "service.name"
_ATTRIBUTES = "OTEL_RESOURCE_ATTRIBUTES"
_SERVICE_NAME = "OTEL_SERVICE_NAME"


def load_resource_attributes(environment: str) -> dict[str, str]:
    """The attributes of this process, with a new ``service.instance.id``; those of the environment take precedence.

    To be called once in a process. Raises ``SettingsError``.
    """
    attributes = {_NAME: "streaming-content-api", "service.version": __version__, INSTANCE_ID: str(uuid4())}
    if environment:
        attributes["deployment.environment.name"] = environment
    attributes |= _configured_attributes()
    if name := os.environ.get(_SERVICE_NAME, "").strip():
        attributes[_NAME] = name
    return attributes


def _configured_attributes() -> dict[str, str]:
    attributes = {}
    value = os.environ.get(_ATTRIBUTES, "")
    for pair in value.split(",") if value.strip() else ():
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            raise SettingsError(
                f"{_ATTRIBUTES}={value!r} is not allowed: it must be name=value, separated by commas; a comma in a "
                "value is written %2C."
            )
        attributes[name.strip()] = unquote(text.strip())
    return attributes
