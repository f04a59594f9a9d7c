"""The rules for content that the operator sets."""

from msgspec import Struct

from service.content.html.policy import EDITOR, Policy
from service.content.html.urls import EVERY_HOST, HostList

REASONING_TAGS = ("think", "thinking", "reasoning", "thought", "reflection")
"""Tags of Markdown whose content is a model's reasoning and not its answer."""


class ContentRules(Struct, frozen=True, eq=False):
    """What content may contain beyond the limits. Other rules give other plans. Equal only to itself; see ``key``."""

    policy: Policy = EDITOR
    image_hosts: HostList = EVERY_HOST
    link_hosts: HostList = EVERY_HOST
    reasoning_tags: tuple[str, ...] = REASONING_TAGS
    """In lower case. Empty: nothing is removed."""

    def key(self) -> tuple[object, ...]:
        """Values that are equal exactly for equal rules of one version of the service."""
        return (
            self.policy.name,
            self.image_hosts.entries,
            self.link_hosts.entries,
            sorted(set(self.reasoning_tags)),
        )


DEFAULT_RULES = ContentRules()
"""Those of a service without settings."""
