"""Where a store may lie: on a disk of this machine. On a network file system locks and shared memory are promises
that are not kept, and two machines would write to one file unseen. Not here: one writer on one machine (lock.py).
"""

from __future__ import annotations

import re
from pathlib import Path

from bot.engine.errors import StoreError

MOUNTS = Path("/proc/self/mountinfo")
"""Linux's list of what is mounted where; without one nothing is refused."""

_NETWORK = re.compile(
    r"(nfs\d*|cifs|smb\d*|smbfs|9p|afs|ceph|glusterfs|lustre|gpfs|beegfs|ncpfs|davfs"
    r"|fuse\.(sshfs|s3fs|rclone|glusterfs|ceph-fuse|davfs2?|gcsfuse|goofys|juicefs|blobfuse2?))\Z"
)
_ESCAPED = re.compile(r"\\([0-7]{3})")


def refuse_network(store: Path) -> None:
    """Raises StoreError if the store's directory lies on a network file system."""
    try:
        text = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return
    kind = file_system(store.parent.resolve(), text)
    if _NETWORK.match(kind):
        raise StoreError(
            f"{store}: it would lie on a network file system ({kind}), where locks do not hold and what was "
            "written can be lost; put the store on a disk of this machine"
        )


def file_system(directory: Path, mounts: str) -> str:
    """The type of the file system that a directory lies on, by the text of mountinfo; empty if it is not told."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        point = Path(_ESCAPED.sub(lambda m: chr(int(m.group(1), 8)), fields[4]))
        if (
            directory.is_relative_to(point) and len(point.parts) >= best
        ):  # of two at one place the later is seen
            best, kind = len(point.parts), after.split(" ")[0]
    return kind
