"""One writer for one SQLite file, held by the operating system (facts: two writers cost more than they give).

The lock is on a file beside the store, so that readers of the store itself are never in its way. It ends with
its process, however that ends; the file stays, since removing it would let two processes hold "the" lock.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from bot.engine.errors import StoreError


class WriterLock:
    """Held from construction until `release`. Raises StoreError if another process has it, naming its pid."""

    def __init__(self, store: Path) -> None:
        real = store.resolve()  # one lock for one file, whatever links lead to it
        path = real.with_name(real.name + ".lock")
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{store}: its directory cannot be written ({error.strerror})") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._file, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            raise StoreError(
                f"{store} is already in use by process {holder}; one process writes to a store. "
                "Stop that one first, or use another store."
            ) from error
        except OSError as error:
            os.close(self._file)
            raise StoreError(f"{store}: its file system has no locks ({error.strerror})") from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the next one in. The pid goes first, so that nobody is told of a process that is gone."""
        os.ftruncate(self._file, 0)
        os.close(self._file)
