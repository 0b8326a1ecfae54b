"""The runner as one file: a zip archive that Python starts, the same bytes wherever it is built.

Nothing is compressed (compressors differ between machines), times and rights are fixed, names are sorted; so
the hash in a workflow is the hash of this version of the source and of nothing else. Only sources that need no
package go in. Not here: serving it (bot/web).
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from functools import cache
from importlib import resources

_ROOMS = {
    "bot": ("__init__.py", "result.py"),
    "bot.agents": ("__init__.py", "descriptions.py"),
    "bot.gates": None,
    "bot.runner": None,
}
_NOT_ON_THE_RUNNER = ("build.py",)
_MAIN = "import sys\n\nfrom bot.runner.cli import main\n\nsys.exit(main(sys.argv[1:]))\n"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


@cache
def build() -> bytes:
    """The file's bytes. Start it with `python3 -I cloi.pyz`."""
    files = {"__main__.py": _MAIN.encode()}
    for room, names in _ROOMS.items():
        for entry in resources.files(room).iterdir():
            chosen = entry.name in names if names is not None else entry.name.endswith(".py")
            if chosen and entry.name not in _NOT_ON_THE_RUNNER:
                # as in a checkout on any machine
                files[f"{room.replace('.', '/')}/{entry.name}"] = entry.read_bytes().replace(b"\r\n", b"\n")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _LONG_AGO)
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[name])
    return out.getvalue()


@cache
def sha256() -> str:
    """The hash that a workflow names, as 64 hex digits."""
    return hashlib.sha256(build()).hexdigest()
