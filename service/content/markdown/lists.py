"""Lists, and task lists in the form of editors."""

_PIECES = 256
_MARK = "\0"
_CHECKED, _OPEN = f"{_MARK}x", f"{_MARK}o"
"""In the place of a start tag with a box, until the end of the list. No document has the first character."""


class OpenList:
    """A list whose items are being written: whether it is a task list is known at its end."""

    def __init__(self, out: list[str], start: int | None) -> None:
        """Append the start tag to ``out``; ``start`` is the first number of an ordered list."""
        self._may_be_task_list = start is None
        self._end_tag = "</ul>\n" if start is None else "</ol>\n"
        self._place = self._item = len(out)
        self._joined = len(out) + 1
        """The place of the pieces that are not joined yet. A short string takes fifty bytes in addition."""
        self._has_box = False
        if start is None:
            out.append("<ul>\n")
        else:
            out.append("<ol>\n" if start == 1 else f'<ol start="{start}">\n')

    def add_item(self, out: list[str]) -> None:
        """Append the start tag of an item."""
        self._item = len(out)
        out.append("<li>")

    def end_item(self, out: list[str]) -> None:
        """Append the end tag of the item, as one piece with its content."""
        self._may_be_task_list = self._may_be_task_list and out[self._item][0] == _MARK
        out[self._item :] = ["".join([*out[self._item :], "</li>\n"])]
        if len(out) - self._joined >= _PIECES:
            out[self._joined :] = ["".join(out[self._joined :])]
            self._joined += 1

    def check(self, out: list[str], *, checked: bool) -> None:
        """Give the last item a box."""
        out[self._item] = _CHECKED if checked else _OPEN
        self._has_box = True

    def close(self, out: list[str]) -> None:
        """Append the end tag. If every item has a box, the start tags become those of a task list."""
        if self._has_box:
            items = "".join(out[self._place + 1 :])
            for mark, checked in ((_CHECKED, True), (_OPEN, False)):
                items = items.replace(mark, _start_tag(checked=checked, is_task=self._may_be_task_list))
            out[self._place + 1 :] = [items]
            if self._may_be_task_list:
                out[self._place] = '<ul data-type="taskList">\n'
        out.append(self._end_tag)


def _start_tag(*, checked: bool, is_task: bool) -> str:
    checked_attribute = 'checked="" ' if checked else ""
    box = f'<input type="checkbox" {checked_attribute}disabled="" />'
    if is_task:
        return f'<li data-type="taskItem" data-checked="{str(checked).lower()}">{box}'
    return f"<li>{box} "
