"""The same no-op workflows on DBOS over SQLite as it is shipped. Prints one JSON object.

Started by ../engine.py with a directory; see requirements-bench.lock. sequential: milliseconds a step of workflows
that run one after the other. at_once: steps a second of 100 workflows that begin together.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

from dbos import DBOS

STEPS = 10


@DBOS.step()
def nothing() -> None:
    """Done at once."""


@DBOS.workflow()
def chain() -> None:
    """Steps one after the other."""
    for _ in range(STEPS):
        nothing()


def main(directory: str) -> None:
    DBOS(
        config={
            "name": "bench",
            "system_database_url": f"sqlite:///{directory}/dbos.sqlite",
            "log_level": "ERROR",
            "run_admin_server": False,
        }
    )
    DBOS.launch()
    chain()
    times = []
    for _ in range(5):
        began = time.perf_counter()
        chain()
        times.append((time.perf_counter() - began) / STEPS * 1000)
    began = time.perf_counter()
    for handle in [DBOS.start_workflow(chain) for _ in range(100)]:
        handle.get_result()
    at_once = 100 * STEPS / (time.perf_counter() - began)
    print(json.dumps({"sequential": statistics.median(times), "at_once": at_once}))
    DBOS.destroy()


if __name__ == "__main__":
    main(sys.argv[1])
