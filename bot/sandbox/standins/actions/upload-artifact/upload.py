"""actions/upload-artifact inside the sandbox: packs files and hands them to the run's artifact service.

Runs in a job, as the job's user, on the standard library. As the real action: names below the least common
directory of the search paths, no hidden files unless asked for, no empty directories, no file modes, and a name is
taken once in a run.
"""

import fnmatch
import glob
import io
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

MAGIC = "*?["


def search_root(pattern: str) -> Path:
    """The part of a pattern before its first wildcard."""
    parts = Path(pattern).parts
    plain = next((i for i, part in enumerate(parts) if any(sign in part for sign in MAGIC)), len(parts))
    return Path(*parts[:plain])


def find(pattern: str, *, hidden: bool) -> list[Path]:
    """Every file that a pattern names; a directory stands for all that is in it."""
    found: list[Path] = []
    for match in sorted(glob.glob(pattern, recursive=True, include_hidden=hidden)):  # noqa: PTH207  Path has no hidden
        path = Path(match)
        if not hidden and path.name.startswith("."):
            continue
        if not path.is_dir():
            found.append(path)
            continue
        for folder, folders, files in os.walk(path):
            if not hidden:
                folders[:] = [name for name in folders if not name.startswith(".")]
            found += [Path(folder, name) for name in sorted(files) if hidden or not name.startswith(".")]
    return found


def select(text: str, *, hidden: bool) -> tuple[list[Path], Path]:
    """The files named by the input `path`, and the directory that their names begin below."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wanted = [str(Path.cwd() / Path(line).expanduser()) for line in lines if not line.startswith("!")]
    without = [str(Path.cwd() / Path(line[1:]).expanduser()) for line in lines if line.startswith("!")]
    files = dict.fromkeys(path for pattern in wanted for path in find(pattern, hidden=hidden))
    kept = [
        path
        for path in files
        if not any(fnmatch.fnmatch(str(path), p) or path.is_relative_to(p) for p in without)
    ]
    roots = [search_root(pattern) for pattern in wanted] or [Path.cwd()]
    root = Path(os.path.commonpath(roots))
    return kept, root.parent if root.is_file() else root


def main() -> None:
    """Reads the inputs from UPLOAD_*, packs, sends, writes the outputs."""
    name, hidden = os.environ["UPLOAD_NAME"], os.environ["UPLOAD_HIDDEN"] == "true"
    files, root = select(os.environ["UPLOAD_PATH"], hidden=hidden)
    if not files:
        words = f"No files were found with the provided path: {os.environ['UPLOAD_PATH']}."
        if os.environ["UPLOAD_MISSING"] == "error":
            print(f"::error::{words}")
            sys.exit(1)
        print(f"::warning::{words}" if os.environ["UPLOAD_MISSING"] == "warn" else words)
        return
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.writestr(path.relative_to(root).as_posix(), path.read_bytes())
    request = urllib.request.Request(  # noqa: S310  the address is the sandbox's own
        os.environ["ACTIONS_RESULTS_URL"] + urllib.parse.quote(name, safe=""),
        data=packed.getvalue(),
        method="PUT",
        headers={
            "Authorization": f"Bearer {os.environ['ACTIONS_RUNTIME_TOKEN']}",
            "X-Overwrite": os.environ["UPLOAD_OVERWRITE"],
        },
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=60) as response:
            kept = json.load(response)
    except urllib.error.HTTPError as error:
        print(f"::error::Failed to upload artifact {name}: ({error.code}) {error.read().decode()}")
        sys.exit(1)
    with Path(os.environ["GITHUB_OUTPUT"]).open("a") as output:
        output.write(f"artifact-id={kept['id']}\nartifact-digest={kept['digest']}\n")
    print(f"Artifact {name}: {len(files)} file(s), {packed.tell()} bytes, sha256 {kept['digest']}")


if __name__ == "__main__":
    main()
