"""SQL lives in `.sql` files: each statement has a name and a line of purpose."""

import re
from functools import cache
from importlib.resources import files
from types import SimpleNamespace

_NAME = re.compile(r"^-- name: ([a-z][a-z0-9_]*)\s*$", re.MULTILINE)


class Statements(SimpleNamespace):
    """The named statements of one file, as string attributes."""

    def __getattr__(self, name: str) -> str:
        raise AttributeError(f"no statement named {name!r}")

    @staticmethod
    @cache
    def load(package: str, file: str) -> "Statements":
        """Read `file` beside the modules of `package`; each statement begins with `-- name: some_name`."""
        text = files(package).joinpath(file).read_text(encoding="utf-8")
        parts = _NAME.split(text)[1:]
        named = zip(parts[::2], parts[1::2], strict=True)
        return Statements(**{name: body.strip().rstrip(";") for name, body in named})
