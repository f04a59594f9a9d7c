"""A second HTML parser, independent of the sanitiser's, and what it finds in a document."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib

from service.core.content.policy import ELEMENTS

_URL_ATTRIBUTES = ("href", "src", "cite")
_DANGEROUS_ATTRIBUTE = re.compile(
    r"on.*|id|name|srcdoc|srcset|action|formaction|background|poster|ping|.*:.*", re.DOTALL
)
_DANGEROUS_STYLE = re.compile(
    r"url|var\(|attr\(|expression|image-set|position|behavior|binding|import|javascript|[\\<>@]|/\*", re.IGNORECASE
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.\-]*(?=:)", re.IGNORECASE)
_RASTER = re.compile(r"data:image/(png|gif|jpe?g|webp|avif|bmp);base64,", re.IGNORECASE)

Mark = tuple[str, str, tuple[tuple[str, str], ...]]


def parsed(html: str) -> Element:
    tree: Element = html5lib.parseFragment(html, treebuilder="etree", namespaceHTMLElements=False)
    return tree


def outline(*fragments: str) -> list[Mark]:
    """The tree of ``fragments`` parsed one by one and put side by side: what opens, what closes, and the text."""
    marks: list[Mark] = []
    for fragment in fragments:
        for mark in _inside(parsed(fragment)):
            if mark[0] == "text" and marks and marks[-1][0] == "text":
                marks[-1] = ("text", marks[-1][1] + mark[1], ())
            else:
                marks.append(mark)
    return marks


def _inside(element: Element) -> Iterator[Mark]:
    if element.text:
        yield "text", element.text, ()
    for child in element:
        yield "open", str(child.tag), tuple(sorted(child.attrib.items()))
        yield from _inside(child)
        yield "close", str(child.tag), ()
        if child.tail:
            yield "text", child.tail, ()


def dangers(html: str) -> list[str]:
    """What of a document could do harm, in words; nothing for a safe one."""
    return [danger for element in list(parsed(html).iter())[1:] for danger in _dangers_of(element)]


def _dangers_of(element: Element) -> Iterator[str]:
    name = str(element.tag)
    if name not in ELEMENTS:
        yield f"element {name}"
    if name == "input" and element.get("type") != "checkbox":
        yield "an input that is not a checkbox"
    if element.get("target") and element.get("rel") != "noopener noreferrer":
        yield "target without noopener"
    for attribute, value in element.attrib.items():
        if _DANGEROUS_ATTRIBUTE.fullmatch(attribute):
            yield f"attribute {attribute}"
        if attribute in _URL_ATTRIBUTES:
            scheme = _SCHEME.match(re.sub(r"[\t\n\r]", "", value.strip("".join(map(chr, range(33))))))
            raster = name == "img" and attribute == "src" and _RASTER.match(value)
            if scheme and scheme[0].lower() not in ("http", "https", "mailto", "tel") and not raster:
                yield f"{attribute} {value!r}"
        if attribute == "style" and _DANGEROUS_STYLE.search(value):
            yield f"style {value!r}"
        if attribute == "class" and not re.fullmatch(r"(?:(?:language|lang|hljs|task|contains)\S*\s?)+", value):
            yield f"class {value!r}"
