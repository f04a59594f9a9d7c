"""Normalised HTML, without the cleaner that confirms it."""

from service.content.html.known_tags import tag_reader
from service.content.html.normalise import normalise
from service.content.html.removal import Removals
from service.content.rules import DEFAULT_RULES, ContentRules


def normalised(html: str, rules: ContentRules = DEFAULT_RULES) -> str:
    return normalise(html, tag_reader(rules), Removals())
