"""The cases of the Autobahn test suite for RFC 6455, which are classes in Python 2.

Their text is valid Python 3 but for a few names and statements. A string in them is one of bytes, so the files are
read as Latin-1, and ``peer`` encodes what they send in the same way.
"""

import binascii
import codecs
import re
import sys
from collections.abc import Sequence
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any

from tests.integration.conformance.peer import Peer

_PACKAGE = "autobahn_cases"

_NOT_RUN = {"case12_x_x": ("Case12_X_X", "Case13_X_X"), "case9_9_1": ()}
"""Compression, which the service does not negotiate, and a case that the suite itself does not run."""

_CHANGES = (
    (re.compile(r"^from (case\w+|case) import", re.MULTILINE), r"from .\1 import"),
    (re.compile(r"^(import binascii|from autobahn\..* import \w+)$", re.MULTILINE), ""),
    (re.compile(r"^( +)print (.+)$", re.MULTILINE), r"\1print(\2)"),
    (re.compile(r"(len\(self\.payload\)) / "), r"\1 // "),
)


class _Utf8Validator:
    def reset(self) -> None:
        """A validator without state."""

    def validate(self, text: str) -> tuple[bool, bool]:
        """Whether the bytes begin valid UTF-8, and whether they end with a character."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            decoder.decode(text.encode("latin-1"))
        except UnicodeDecodeError:
            return False, False
        return True, not decoder.getstate()[0]


def _old_class(name: str, bases: tuple[type, ...], body: dict[str, object]) -> type:
    """A class whose bases are in the order of Python 2."""
    return type(name, tuple(base for base in bases if base is not object), body)


_NAMES: dict[str, object] = {
    "Utf8Validator": _Utf8Validator,
    "WebSocketProtocol": Peer,
    "binascii": SimpleNamespace(b2a_hex=lambda text: binascii.b2a_hex(text.encode("latin-1"))),
    "type": _old_class,
    "xrange": range,
}


class _Loader(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        module = fullname.rpartition(".")[2]
        if module in _NOT_RUN:
            lists = "".join(f"{name} = []\n{name}_CaseSubCategories = {{}}\n" for name in _NOT_RUN[module])
            return compile(lists, module, "exec")
        text = Path(self.path).read_text("latin-1")
        for pattern, replacement in _CHANGES:
            text = pattern.sub(replacement, text)
        return compile(text, self.path, "exec")

    def exec_module(self, module: ModuleType) -> None:
        vars(module).update(_NAMES)
        super().exec_module(module)


class _Finder(PathFinder):
    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(f"{_PACKAGE}."):
            return None
        spec = super().find_spec(fullname, path, target)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = _Loader(fullname, spec.origin)
        return spec


@cache
def cases() -> dict[str, type[Any]]:
    """The classes by their number, ``1.1.1`` to ``10.1.1``."""
    installed = find_spec("autobahntestsuite")
    assert installed is not None, "The cases are not installed: pip install -r requirements/conformance.txt"
    assert installed.submodule_search_locations is not None
    folder = Path(installed.submodule_search_locations[0]) / "case"
    spec = spec_from_file_location(
        _PACKAGE,
        folder / "__init__.py",
        loader=_Loader(_PACKAGE, str(folder / "__init__.py")),
        submodule_search_locations=[str(folder)],
    )
    assert spec is not None
    assert spec.loader is not None
    package = module_from_spec(spec)
    sys.modules[_PACKAGE] = package
    sys.meta_path.insert(0, _Finder)
    try:
        spec.loader.exec_module(package)
    finally:
        sys.meta_path.remove(_Finder)
    package.Case.compare = lambda _case, one, other: one == other  # it compares pickles, which differ for equal lists
    return {case.__name__.removeprefix("Case").replace("_", "."): case for case in package.Cases}
