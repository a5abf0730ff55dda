"""The `shengzhi` command and what it starts: the outermost layer, imported by nobody."""

from pathlib import Path

_ROOT = Path(__file__).parents[1]
_ENTRYPOINTS = [place for name in ("service.py", "service/__init__.py") for place in _ROOT.glob(f"*/{name}")]
WORKERS = tuple(sorted(place.relative_to(_ROOT).parts[0] for place in _ENTRYPOINTS))
"""What runs as a nameko service: the packages with a `service`.

Read off the folder by who only starts processes, to whom the registry's contracts would cost 23 MB of memory. A test
compares the two.
"""
