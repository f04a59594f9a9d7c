"""The resource and the scope of everything that is exported, in the types of OpenTelemetry."""

from collections.abc import Mapping

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from service import __version__

_SCHEMA_URL = "https://opentelemetry.io/schemas/1.44.0"
"""The version of the semantic conventions from which the names of attributes are."""

SCOPE = InstrumentationScope("observability", __version__, _SCHEMA_URL)
"""What created the spans, log records and metrics; spans of routes have that of their instrumentation."""


def create_resource(attributes: Mapping[str, str]) -> Resource:
    """The resource with these attributes, and those of the SDK."""
    return _Resource(Resource.create(dict(attributes), _SCHEMA_URL))


class _Resource(Resource):
    """Computes its hash once: the encoder uses it for every item, and the original serialises JSON each time."""

    def __init__(self, original: Resource) -> None:
        super().__init__(original.attributes, original.schema_url)
        self._hash = super().__hash__()

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)

    def __hash__(self) -> int:
        return self._hash
