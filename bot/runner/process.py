"""Starting a program of others: no shell, no secrets, its own session, a time limit, and nothing left behind.

The environment is built from nothing. Output goes to files, since a process that outlives its parent would
keep a pipe open for ever. What this cannot do: a program that leaves its process group survives until the
runner itself ends, which is why nothing trusted runs after it in the same job.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MAX_OUTPUT = 20_000_000
_GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finished:
    """How it ended. exit_code: None if it ran out of time. stdout, stderr: captured text, empty if passed on."""

    exit_code: int | None
    seconds: float
    stdout: str = ""
    stderr: str = ""


def run(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], seconds: float, capture: bool) -> Finished:
    """Run to the end, or stop after so many seconds. capture: keep the output instead of passing it on.

    Raises OSError if the program cannot be started.
    """
    started = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out if capture else None,
            stderr=err if capture else None,
            start_new_session=True,
        )
        try:
            code: int | None = process.wait(max(seconds, 0.01))
        except subprocess.TimeoutExpired:
            code = None
            _signal(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_SECONDS)
        finally:
            _signal(process.pid, signal.SIGKILL)  # also what it left running
            process.wait()
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read(MAX_OUTPUT).decode(errors="replace"))
    return Finished(code, time.monotonic() - started, *texts)


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
