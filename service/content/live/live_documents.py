"""The document of a live stream by its content type."""

from service.content.live.document import LiveDocument
from service.content.live.html import HtmlDocument
from service.content.live.markdown import MarkdownDocument
from service.content.live.text import TextDocument
from service.content.rules import ContentRules
from service.protocol.limits import Limits
from service.protocol.messages import ContentType


def create_document(content_type: ContentType, rules: ContentRules, limits: Limits) -> LiveDocument:
    """Return an empty document."""
    match content_type:
        case ContentType.TEXT:
            return TextDocument()
        case ContentType.MARKDOWN:
            return MarkdownDocument(rules, limits)
        case ContentType.HTML:
            return HtmlDocument(rules, limits)
