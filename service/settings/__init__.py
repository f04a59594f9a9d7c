"""The settings, read from the environment and from ``.env``."""

from service.settings.about import About
from service.settings.settings import Settings, SettingsError, about, load_settings, unknown_variables

__all__ = ["About", "Settings", "SettingsError", "about", "load_settings", "unknown_variables"]
