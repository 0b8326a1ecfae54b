"""What keeping costs: deliveries a second that are verified only, and verified and durably kept; as a ratio.

In process, through ASGI, without a network: `python -m benchmarks.intake [ROUNDS]`. Absolute numbers are the
machine's; the ratio is ours. One fdatasync of the same body is printed beside it, since that is the floor.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.engine.ports import Delivery
from bot.store import MemoryStore, SQLiteStore
from bot.web.receiver import Receiver

SECRET = "benchmark"
SIZE = 21_000  # bytes; a pull_request payload


class Verified(MemoryStore):
    """Keeps nothing, so what remains is the verification."""

    def keep(self, delivery: Delivery) -> bool:
        return True


def payload(size: int) -> bytes:
    """JSON that compresses as GitHub's does: many urls of one repository."""
    links: dict[str, str] = {}
    while len(json.dumps(links)) < size:
        n = len(links)
        links[f"field_{n}_url"] = f"https://api.github.com/repos/octo-org/hello-world/pulls/{n}/{n * 7919}"
    return json.dumps(links).encode()


async def deliver(receiver: Receiver, body: bytes, rounds: int) -> list[float]:
    """Seconds that each delivery took, one after the other."""
    signature = b"sha256=" + hmac.digest(SECRET.encode(), body, "sha256").hex().encode()
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    times = []
    for n in range(rounds):
        headers = [
            (b"x-github-delivery", str(n).encode()),
            (b"x-github-event", b"pull_request"),
            (b"x-hub-signature-256", signature),
            (b"content-length", str(len(body)).encode()),
        ]
        begun = time.perf_counter()
        await receiver({"type": "http", "headers": headers}, receive, send)
        times.append(time.perf_counter() - begun)
    if set(statuses) != {202}:
        raise SystemExit(f"not every delivery was taken: {sorted(set(statuses))}")
    return sorted(times)


def sync_alone(directory: Path, size: int, rounds: int) -> list[float]:
    """Seconds that an append of `size` bytes and its fdatasync take."""
    file = os.open(directory / "floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        os.write(file, b"x" * size)
        os.fdatasync(file)
        times.append(time.perf_counter() - begun)
    os.close(file)
    return sorted(times)


def main() -> None:
    """Prints one JSON object a line."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    body = payload(SIZE)
    nothing: Callable[[], None] = lambda: None  # noqa: E731
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:  # a real disk; /tmp may be memory
        directory = Path(name)
        store = SQLiteStore(directory / "intake.sqlite3")
        results = {
            "verify only": asyncio.run(deliver(Receiver(Verified(), [SECRET], nothing), body, rounds)),
            "verify and keep durably": asyncio.run(deliver(Receiver(store, [SECRET], nothing), body, rounds)),
            "one fdatasync": sync_alone(directory, 4096, rounds),
        }
        store.close()
    for label, times in results.items():
        p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
        print(json.dumps({"what": label, "p50_ms": round(p50 * 1e3, 3), "p99_ms": round(p99 * 1e3, 3)}))
    verify, keep, floor = (times[len(times) // 2] for times in results.values())
    print(
        json.dumps(
            {
                "bytes": len(body),
                "keep_to_verify": round(keep / verify, 2),
                "keep_to_sync": round(keep / floor, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
