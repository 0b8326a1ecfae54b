"""The same no-op workflows on DBOS over SQLite as it is shipped. Prints one JSON object.

Started by ../engine.py with a directory; see requirements-bench.lock. sequential: milliseconds from one
step to the next, the median. at_once: steps a second of 100 workflows that begin together, the better of two
rounds.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from itertools import pairwise

from dbos import DBOS

STEPS = 10
CALLS: list[float] = []


@DBOS.step()
def nothing() -> None:
    """Done at once."""
    CALLS.append(time.perf_counter())


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
    times = []
    for _ in range(5):
        CALLS.clear()
        chain()
        times += [after - before for before, after in pairwise(CALLS)]
    rates = []
    for _ in range(2):
        began = time.perf_counter()
        for handle in [DBOS.start_workflow(chain) for _ in range(100)]:
            handle.get_result()
        rates.append(100 * STEPS / (time.perf_counter() - began))
    print(json.dumps({"sequential": statistics.median(times) * 1000, "at_once": max(rates)}))
    DBOS.destroy()


if __name__ == "__main__":
    main(sys.argv[1])
