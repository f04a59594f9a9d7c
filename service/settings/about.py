"""The documentation of a setting, from which docs/configuration.md and ``.env.example`` are made."""

from msgspec import Struct


class About(Struct, frozen=True):
    """The documentation of a setting."""

    effect: str
    allowed: str
    unit: str = ""
