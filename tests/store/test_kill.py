"""kill -9 in the midst of writing: what was acknowledged is there, and nothing is there by half."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.store import SQLiteStore

# Two streams, a delivery and a blob-sized body in each transaction; the number is printed when it has returned.
WRITER = """
import sys
from bot.engine.events import Event, StepEmitted
from bot.engine.ports import Append, Delivery, Effect, Summary
from bot.store import SQLiteStore

store = SQLiteStore(sys.argv[1])
start = len(store.read("a"))

def append(stream, version):
    body = StepEmitted(name="Filled", data={"text": "x" * 3000})
    event = Event(stream=stream, version=version, at="t", actor="", cause="", correlation="", body=body)
    row = Summary(instance=stream, definition="d", key="k", state=str(version), open=True,
                  started_at="t", updated_at="t")
    return Append(stream=stream, expected=version - 1, events=(event,), summary=row)

for n in range(start + 1, start + 100_000):
    store.keep(Delivery(id=str(n), event="push", body=b"{}" * 500, received_at="t"))
    store.intend(Effect(key=str(n), kind="k", instance="a", step="s", digest="", state="intended",
                        intended_at="t"))
    store.append([append("a", n), append("b", n)], consumes=str(n))
    print(n, flush=True)
"""


def run_and_kill(path: Path, after: int) -> int:
    """Let the writer acknowledge at least `after` rounds, kill it wherever it is then; the last one heard of."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    heard = 0
    for _ in range(after):
        heard = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().splitlines(keepends=True)
    process.wait()
    process.stdout.close()
    whole = [int(line) for line in rest if line.endswith("\n")]
    return whole[-1] if whole else heard


@pytest.mark.parametrize("seed", range(4))
def test_after_kill_9_nothing_acknowledged_is_lost_and_nothing_is_half(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    path = tmp_path / "cloi.sqlite3"
    for _ in range(2):  # the second writer recovers what the first one left
        heard = run_and_kill(path, after=chance.randint(1, 120))
        store = SQLiteStore(path)
        a, b = store.read("a"), store.read("b")
        assert len(a) in (heard, heard + 1)
        assert [e.version for e in a] == [e.version for e in b] == list(range(1, len(a) + 1))
        assert store.verify("a") == store.head("a")
        assert store.verify("b") == store.head("b")
        assert {s.state for s in store.summaries()} == {str(len(a))}
        consumed = store.deliveries(state="consumed", limit=10**6)
        assert len(consumed) == len(a)
        for left in store.pending():  # kept, but its append had not begun or not returned
            assert int(left.id) == len(a) + 1
            store.settle(left.id, "ignored", "its process was killed")
        assert len(store.effects("a")) in (len(a), len(a) + 1)
        with store._writing() as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            db.execute("DELETE FROM deliveries WHERE state = 'ignored'")
        store.close()
