"""What content may contain, and how large it and its chunks may be."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.content.html.policy import PolicyName
from service.content.html.urls import HostList
from service.content.rules import REASONING_TAGS
from service.setting_values import checked_by, lower_case, read_tags
from service.settings.about import About


class ContentSettings(BaseSettings):
    """What content may contain, and how large it and its chunks may be."""

    model_config = SettingsConfigDict(defer_build=True)

    max_content_size: Annotated[
        int,
        Field(ge=1, le=10_000_000),
        About("The maximum size of the content of a request, in UTF-8.", "a whole number from 1 to 10000000", "bytes"),
    ] = 100_000
    processor_max_content_size: Annotated[
        int,
        Field(ge=1),
        About("The maximum size of the content after conversion.", "a whole number of at least 1", "characters"),
    ] = 1_000_000
    max_chunk_size: Annotated[
        int,
        Field(ge=16),
        About(
            "The maximum size of a chunk; an HTML element that cannot be split may exceed it.",
            "a whole number of at least 16",
            "characters",
        ),
    ] = 1000
    content_policy: Annotated[
        PolicyName,
        BeforeValidator(lower_case),
        About(
            "The HTML that content may contain: editor keeps what editors write, page is stricter.",
            "editor or page",
        ),
    ] = PolicyName.EDITOR
    image_hosts: Annotated[
        str,
        checked_by(HostList.parse),
        About(
            "The hosts from which content may load images; * allows all. Without it, the author of a document, or of a "
            "text that a language model has read, can have the reader's browser send data to any host.",
            "*, none, or a comma-separated list of hosts such as cdn.example.com, *.example.com or localhost:3000, of "
            "relative, and of data:",
        ),
    ] = "*"
    link_hosts: Annotated[
        str,
        checked_by(HostList.parse),
        About(
            "The hosts to which links may lead; * allows all. Links with mailto: and tel: are not affected.",
            "*, none, or a comma-separated list of hosts such as www.example.com, *.example.com or localhost:3000, and "
            "of relative",
        ),
    ] = "*"
    reasoning_tags: Annotated[
        str,
        checked_by(read_tags),
        About(
            "The tags in Markdown whose content is the reasoning of a language model and is removed.",
            "none, or a comma-separated list of names such as think",
        ),
    ] = ",".join(REASONING_TAGS)
