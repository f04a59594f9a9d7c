"""Lists, and task lists in the form of editors."""


class OpenList:
    """A list whose items are being written: whether it is a task list is known at its end."""

    def __init__(self, out: list[str], start: int | None) -> None:
        """Append the start tag to ``out``; ``start`` is the first number of an ordered list."""
        self._is_ordered = start is not None
        self._place = len(out)
        self._items: list[tuple[int, bool | None]] = []
        """The place of each item's start tag, and whether its box is checked, if it has one."""
        if start is None:
            out.append("<ul>\n")
        else:
            out.append("<ol>\n" if start == 1 else f'<ol start="{start}">\n')

    def add_item(self, out: list[str]) -> None:
        """Append the start tag of an item."""
        self._items.append((len(out), None))
        out.append("<li>")

    def end_item(self, out: list[str]) -> None:
        """Append the end tag of the item, as one piece with its content."""
        content = self._items[-1][0] + 1
        out[content:] = ["".join([*out[content:], "</li>\n"])]

    def check(self, *, checked: bool) -> None:
        """Give the last item a box."""
        self._items[-1] = self._items[-1][0], checked

    def close(self, out: list[str]) -> None:
        """Append the end tag. If every item has a box, the start tags become those of a task list."""
        is_task_list = not self._is_ordered and all(checked is not None for _, checked in self._items)
        if is_task_list:
            out[self._place] = '<ul data-type="taskList">\n'
        for place, checked in self._items:
            if checked is not None:
                checked_attribute = 'checked="" ' if checked else ""
                box = f'<input type="checkbox" {checked_attribute}disabled="" />'
                attributes = f' data-type="taskItem" data-checked="{str(checked).lower()}"'
                out[place] = f"<li{attributes}>{box}" if is_task_list else f"<li>{box} "
        out.append("</ol>\n" if self._is_ordered else "</ul>\n")
