"""What an element passes on to its content: direction, language, colours, alignment; not what belongs to its box."""

import re

_ATTRIBUTE = re.compile(r' ([a-z\-]+)="([^"]*)"')
_PASSED_ON = frozenset({"dir", "lang", "style", "title"})
_HEADER_CELL = re.compile(r"<th[ >]")
_OF_HEADER_CELLS = ("font-weight: bold", "text-align: center")
_DECLARATION_END = re.compile(r"(?<!&quot)(?<!&amp)(?<!&lt)(?<!&gt)(?<!&nbsp);")
_OF_THE_BOX = re.compile(
    r"\s*(?:\Z|margin|padding|border|(?:min-|max-)?(?:width|height)|vertical-align|table-layout|empty-cells|caption-side)"
)


def passed_on(tag: str) -> str:
    """Return a tag with what the element of ``tag`` passes on to its content; empty if that is nothing."""
    if " " not in tag and not tag.startswith("<th"):
        return ""
    values = dict(_ATTRIBUTE.findall(tag))
    declarations: dict[str, str] = {}
    align = f"text-align: {values['align']}" if "align" in values else ""
    for declaration in (
        *(_OF_HEADER_CELLS if _HEADER_CELL.match(tag) else ()),
        align,
        *_DECLARATION_END.split(values.get("style", "")),
    ):
        if not _OF_THE_BOX.match(declaration):
            name = declaration.partition(":")[0].strip()
            declarations.pop(name, None)  # the last one applies, and is written last
            declarations[name] = declaration.strip()
    values["style"] = "; ".join(declarations.values())
    attributes = "".join(f' {name}="{value}"' for name, value in values.items() if name in _PASSED_ON and value)
    return f"<div{attributes}>" if attributes else ""
