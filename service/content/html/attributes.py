"""Values of attributes, reduced to what the rules for content allow."""

from collections.abc import Callable, Mapping

from service.content.html.removal import Removal, Removals
from service.content.html.rule import Pattern, Value
from service.content.html.style import StyleFilter
from service.content.html.urls import has_safe_scheme, is_raster_image
from service.content.rules import ContentRules

_Read = Callable[[str], str | None]
"""Return the allowed part of a value, ``None`` for nothing."""


class AddressFilter:
    """Decides on the addresses of one content; it caches results."""

    def __init__(self, rules: ContentRules) -> None:
        self._rules = rules
        self._links: dict[str, Removal | None] = {}
        self._images: dict[str, Removal | None] = {}

    def link_refusal(self, url: str) -> Removal | None:
        """Return why a link may not lead to ``url``: ``URL``, ``LINK_HOST``, or ``None`` if it may."""
        if url not in self._links:
            self._links[url] = self._of_link(url)
        return self._links[url]

    def image_refusal(self, url: str) -> Removal | None:
        """Return why an image may not be loaded from ``url``: ``URL``, ``IMAGE_HOST``, or ``None`` if it may."""
        if url not in self._images:
            self._images[url] = self._of_image(url)
        return self._images[url]

    def _of_link(self, url: str) -> Removal | None:
        if not has_safe_scheme(url):
            return Removal.URL
        return None if self._rules.link_hosts.allows(url) else Removal.LINK_HOST

    def _of_image(self, url: str) -> Removal | None:
        if not has_safe_scheme(url) and not is_raster_image(url):
            return Removal.URL
        return None if self._rules.image_hosts.allows(url) else Removal.IMAGE_HOST


class AttributeFilter:
    """Filter of the attributes of one content; records what styles, classes and hosts lose in ``removals``."""

    def __init__(self, rules: ContentRules, removals: Removals) -> None:
        self.addresses = AddressFilter(rules)
        self._policy = policy = rules.policy
        self._removals = removals
        self._styles = StyleFilter()
        self._reads: Mapping[Value, _Read] = {
            Value.TEXT: str,
            Value.LINK: lambda url: self._address(url, self.addresses.link_refusal(url)),
            Value.IMAGE: lambda url: self._address(url, self.addresses.image_refusal(url)),
            Value.CLASSES: self._classes,
            Value.RELATIONS: lambda names: " ".join(filter(policy.relations.__contains__, names.split())) or None,
            Value.STYLE: self._style,
        }

    def allowed(self, element: str, attribute: str, value: str) -> str | None:
        """Return the allowed part of the value; ``None`` removes the attribute."""
        rule = self._policy.rule(element, attribute)
        if isinstance(rule, Pattern):
            return value if rule.matches(value) else None
        return None if rule is None else self._reads[rule](value)

    def _address(self, url: str, refusal: Removal | None) -> str | None:
        if refusal in (Removal.IMAGE_HOST, Removal.LINK_HOST):
            self._removals.add(refusal)
        return url if refusal is None else None

    def _classes(self, value: str) -> str | None:
        names = value.split()
        kept = list(filter(self._policy.classes.matches, names))
        if len(kept) < len(names):
            self._removals.add(Removal.CLASS)
        return " ".join(kept) or None

    def _style(self, value: str) -> str | None:
        kept = self._styles.allowed(value)
        if kept is not None:
            kept = self._of_policy(kept)
        if kept != value:
            self._removals.add(Removal.STYLE)
        return kept

    def _of_policy(self, style: str) -> str | None:
        """Return the declarations whose properties the policy has. No value in an allowed style has a semicolon."""
        declarations = style.split(";")
        kept = [one for one in declarations if not one.strip() or _property(one) in self._policy.styles]
        return style if len(kept) == len(declarations) else ";".join(kept).strip(" ;\t\n\f\r") or None


def _property(declaration: str) -> str:
    return declaration.partition(":")[0].strip().lower()
