"""Attributes of start tags, filtered by the policy and written in canonical form."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from msgspec.structs import replace

from service.content.html.elements import RENAMED
from service.content.html.markup import WHITESPACE
from service.content.html.nesting import USUAL_POSITIONS
from service.content.html.nodes import is_value_of_node
from service.content.html.references import write_value
from service.content.html.removal import Removal
from service.content.html.rule import Pattern, Rule, Value
from service.content.html.start_tag import StartTag
from service.content.html.style.attribute_limits import LIMITED, marker_style, size_style
from service.content.html.style.filter import allowed_style, hides, preserves_space
from service.content.html.style.legacy import LEGACY, legacy_style
from service.content.html.style.properties import STYLE_RULES
from service.content.html.style.space import space_taken, style_without_space
from service.content.html.tokens import attributes_of
from service.content.html.urls import has_safe_scheme, is_raster_image, is_readable
from service.content.rules import ContentRules

_Read = Callable[[str, list[Removal]], str | None]
"""Return the allowed part of a value, ``None`` for nothing. What is removed is added to the list, or left to the caller
to record."""
_Attributes = Sequence[tuple[str, str]]
"""Names in lower case, and values."""

_URLS = frozenset({"action", "background", "cite", "formaction", "href", "poster", "src", "srcset", "xlink:href"})
_NEEDS_ATTRIBUTES = {"img": "src", "input": "type", "span": ""}
"""Elements that do nothing without this attribute; without any, if it is empty."""
_SIZES = frozenset({"width", "height"})
_REQUIRED_RELATIONS = ("noopener", "noreferrer")
"""Required on a link that opens a new page, which must not get access to the page that it was opened from."""


class AttributeFilter:
    """The filter for one set of rules."""

    def __init__(self, rules: ContentRules) -> None:
        policy = rules.policy
        self.elements = policy.elements
        self._rules = rules
        self._has_all_styles = policy.styles.issuperset(STYLE_RULES)
        self._reads = {element: self._reads_of(element) for element in policy.elements}

    def _reads_of(self, element: str) -> Mapping[str, _Read]:
        attributes = self._rules.policy.attributes
        rules = {**attributes["*"], **attributes.get(element, {})}
        return {attribute: self._read_of(rule, element) for attribute, rule in rules.items()}

    def _read_of(self, rule: Rule, element: str) -> _Read:
        if isinstance(rule, Pattern):
            return lambda value, _removed: value if rule.matches(value) else None
        reads: Mapping[Value, _Read] = {
            Value.TEXT: lambda value, _removed: value,
            Value.LINK: self._link,
            Value.IMAGE: self._image,
            Value.CLASSES: self._classes,
            Value.RELATIONS: self._relations,
            Value.STYLE: partial(self._style, element),
        }
        return reads[rule]

    def start_tag(self, name: str, attributes: _Attributes = (), written_name: str = "") -> StartTag:
        """Return what becomes of a start tag. ``written_name`` is its name in the source, if it was renamed."""
        if not attributes and not written_name and name not in _NEEDS_ATTRIBUTES:
            is_pre = name == "pre"
            return StartTag(
                name,
                f"<{name}>",
                preserves_space=is_pre,
                position=None if is_pre else USUAL_POSITIONS.get(name),
            )
        removed: list[Removal] = []
        values = self._values(name, attributes, written_name, removed)
        is_hidden = "hidden" in values or ("style" in values and hides(values["style"]))
        reads = self._reads[name]
        kept: dict[str, str] = {}
        for attribute, value in values.items():
            count = len(removed)
            read = reads.get(attribute)
            allowed = None if read is None else read(value, removed)
            if allowed is not None:
                kept[attribute] = allowed
            elif len(removed) == count and attribute != "rel":
                removed.append(_kind(attribute))
        if "data-value" in kept and not is_value_of_node(kept):
            del kept["data-value"]
            removed.append(Removal.ATTRIBUTE)
        if "target" in kept:
            kept["rel"] = _with_required(kept.get("rel", ""))
        style = kept.get("style", "")
        preserves = name == "pre" or preserves_space(style)
        space = space_taken(style) if style else 0.0
        text = _written(name, kept)
        is_plain = text and not (removed or is_hidden or space or preserves)
        tag = StartTag(
            name,
            text,
            tuple(removed),
            is_hidden,
            preserves,
            space=space,
            position=USUAL_POSITIONS.get(name) if is_plain else None,
        )
        if name == "img" and "src" not in kept:
            address = values.get("src", "")
            is_linkable = Removal.IMAGE_HOST in removed and self._link(address, []) is not None
            return replace(tag, alternative=kept.get("alt", ""), address=address if is_linkable else "")
        return tag

    def _values(self, name: str, attributes: _Attributes, written_name: str, removed: list[Removal]) -> dict[str, str]:
        """Return the attributes by name. What old ones set is put before the style of the author, which wins."""
        values = dict(attributes)
        if len(values) < len(attributes):
            values = dict(reversed(attributes))  # the first of duplicates counts
            removed += [Removal.ATTRIBUTE] * (len(attributes) - len(values))
        styles = [RENAMED[written_name].style] if written_name else []
        if not LEGACY.isdisjoint(values):
            rules = self._rules.policy.attributes.get(name, {})
            for attribute in [name for name in values if name in LEGACY and name not in rules]:
                if style := legacy_style(written_name or name, {attribute: values[attribute]}):
                    styles.append(style)
                    del values[attribute]
        if name in LIMITED:
            styles.append(marker_style(name, values))
            if limits := size_style(name, values):
                if "max-width" in self._rules.policy.styles:
                    styles.append(limits)
                else:
                    values = {name: value for name, value in values.items() if name not in _SIZES}
        if any(styles):
            values["style"] = "; ".join(filter(None, [*styles, values.get("style", "")]))
        return values

    def _link(self, url: str, removed: list[Removal]) -> str | None:
        if not (has_safe_scheme(url) and is_readable(url)):
            return None
        if not self._rules.link_hosts.allows(url):
            removed.append(Removal.LINK_HOST)
            return None
        return url

    def _image(self, url: str, removed: list[Removal]) -> str | None:
        is_safe = (has_safe_scheme(url) and is_readable(url)) or is_raster_image(url)
        if not is_safe or not url.strip(WHITESPACE):
            return None
        if not self._rules.image_hosts.allows(url):
            removed.append(Removal.IMAGE_HOST)
            return None
        return url

    def _classes(self, value: str, removed: list[Removal]) -> str | None:
        names = value.split()
        kept = [name for name in names if self._rules.policy.classes.matches(name)]
        if len(kept) < len(names):
            removed.append(Removal.CLASS)
        return " ".join(kept) or None

    def _relations(self, value: str, _removed: list[Removal]) -> str | None:
        return " ".join(filter(self._rules.policy.relations.__contains__, value.split())) or None

    def _style(self, element: str, value: str, removed: list[Removal]) -> str | None:
        kept = allowed_style(value, element)
        if kept is not None and not self._has_all_styles:
            kept = self._of_policy(kept)
        if kept != value:
            removed.append(Removal.STYLE)
        return kept

    def _of_policy(self, style: str) -> str | None:
        """Return the declarations whose properties the policy has. No value in an allowed style has a semicolon."""
        declarations = style.split(";")
        kept = [one for one in declarations if not one.strip() or _property(one) in self._rules.policy.styles]
        return style if len(kept) == len(declarations) else ";".join(kept).strip(" ;\t\n\f\r") or None


def without_space(tag: StartTag) -> str:
    """Return the text of a tag without the declarations of its style that take space."""
    kept = dict(attributes_of(tag.text[len(tag.name) + 1 : -1]))
    style = style_without_space(kept.pop("style"))
    return _written(tag.name, kept | {"style": style} if style else kept)


def is_hidden(attributes: _Attributes) -> bool:
    """Return whether an element with ``attributes`` is hidden."""
    values = dict(reversed(attributes))
    return "hidden" in values or hides(values.get("style", ""))


def _property(declaration: str) -> str:
    return declaration.partition(":")[0].strip().lower()


def _written(name: str, kept: Mapping[str, str]) -> str:
    """Return the tag, empty if the element does nothing with these attributes."""
    needed = _NEEDS_ATTRIBUTES.get(name)
    does_nothing = needed is not None and not (needed in kept if needed else kept)
    if does_nothing and not any(attribute.startswith("data-") for attribute in kept):
        return ""
    written = [f' {attribute}="{write_value(value)}"' for attribute, value in kept.items()]
    return f"<{name}{''.join(written)}>"


def _with_required(relations: str) -> str:
    present = relations.split()
    return " ".join([name for name in _REQUIRED_RELATIONS if name not in present] + present)


def _kind(attribute: str) -> Removal:
    if attribute.startswith("on"):
        return Removal.EVENT_HANDLER
    return Removal.URL if attribute in _URLS else Removal.ATTRIBUTE
