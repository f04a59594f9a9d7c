"""What producers write in a storm of kills."""

from collections.abc import Mapping

PUBLISH_TOKEN = "kX9.5N7pQ-aW3e_zT8uR"

_TEXT = "Zürich 🚀 日本語, and 𝄞 ends a line.\n" * 30
_MARKDOWN = """# Heading *with emphasis*

A paragraph with `code`, [a link](https://example.com/?a=1&b=2) and **strong 日本語 🚀 text**.

1. one
2. two

   with a paragraph

| a | b |
|---|---|
| `1` | **2** |

```python
print("a fence")
```

> a quote
> of two lines

"""

SOURCES: Mapping[str, str] = {
    "text fragment": _TEXT,
    "markdown fragment": _MARKDOWN * 4,
    "markdown incremental": _MARKDOWN * 4,
}
"""By content type and HTML mode of the reader."""
