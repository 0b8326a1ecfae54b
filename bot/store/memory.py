"""A store that lives as long as its process, for tests and for trying things. Behaves as the durable ones do:
the contract suite holds them to the same rules. It keeps encoded bytes, so nothing is shared with callers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from bot.engine.errors import ConcurrencyConflict, StoreError
from bot.engine.events import Event
from bot.engine.ports import Append, Delivery, Effect, Summary
from bot.store.seal import FOREVER, Sealed, check_chain, check_state, seal, unseal


class MemoryStore:
    """An EventStore in dictionaries. now: the clock that blobs expire by; blob_days: how long they are kept."""

    def __init__(
        self, *, now: Callable[[], datetime] = lambda: datetime.now(UTC), blob_days: float = 90
    ) -> None:
        self._now = now
        self._blob_life = timedelta(days=blob_days)
        self._streams: dict[str, list[Sealed]] = {}
        self._summaries: dict[str, Summary] = {}
        self._deliveries: dict[str, Delivery] = {}
        self._effects: dict[str, bytes] = {}
        self._starts: list[str] = []
        self._blobs: dict[str, tuple[bytes, datetime]] = {}

    def append(self, appends: Sequence[Append], *, consumes: str | None = None, reason: str = "") -> None:
        """See EventStore. Everything is computed on copies first: all or nothing."""
        streams: dict[str, list[Sealed]] = {}
        summaries: dict[str, Summary] = {}
        for item in appends:
            rows = streams.get(item.stream) or list(self._streams.get(item.stream, ()))
            version, head = (rows[-1].version, rows[-1].head) if rows else (0, "")
            streams[item.stream] = rows = rows + seal(item, version, head)
            summaries[item.summary.instance] = item.summary
        if consumes is not None:
            delivery = self._delivery(consumes)
            if delivery.state == "consumed":
                raise ConcurrencyConflict(f"delivery {consumes}", 0, 1)
            self._deliveries[consumes] = msgspec.structs.replace(delivery, state="consumed", reason=reason)
        self._streams.update({stream: rows for stream, rows in streams.items() if rows})
        self._summaries.update(summaries)

    def read(self, stream: str) -> list[Event]:
        """See EventStore."""
        return unseal(stream, (row.data for row in self._streams.get(stream, ())))

    def head(self, stream: str) -> str:
        """See EventStore."""
        rows = self._streams.get(stream)
        return rows[-1].head if rows else ""

    def heads(self, stream: str) -> list[str]:
        """See EventStore."""
        return [row.head for row in self._streams.get(stream, ())]

    def verify(self, stream: str) -> str:
        """See EventStore."""
        return check_chain(stream, ((r.version, r.data, r.head) for r in self._streams.get(stream, ())))

    def summaries(self, *, definition: str | None = None, open_only: bool = False) -> list[Summary]:
        """See EventStore."""
        return [
            summary
            for summary in self._summaries.values()
            if definition in (None, summary.definition) and (summary.open or not open_only)
        ]

    def keep(self, delivery: Delivery) -> bool:
        """See EventStore."""
        check_state(delivery.state)
        if delivery.id in self._deliveries:
            return False
        self._deliveries[delivery.id] = delivery
        return True

    def pending(self, limit: int = 100) -> list[Delivery]:
        """See EventStore."""
        return [d for d in self._deliveries.values() if d.state == "pending"][:limit]

    def settle(self, delivery: str, state: str, reason: str) -> None:
        """See EventStore."""
        check_state(state)
        known = self._delivery(delivery)
        self._deliveries[delivery] = msgspec.structs.replace(known, state=state, reason=reason)

    def stumble(self, delivery: str, reason: str) -> int:
        """See EventStore."""
        known = self._delivery(delivery)
        changed = msgspec.structs.replace(known, attempts=known.attempts + 1, reason=reason)
        self._deliveries[delivery] = changed
        return changed.attempts

    def kept(self, ids: Iterable[str]) -> set[str]:
        """See EventStore."""
        return set(ids) & self._deliveries.keys()

    def deliveries(self, *, state: str | None = None, limit: int = 100) -> list[Delivery]:
        """See EventStore."""
        chosen = [d for d in reversed(self._deliveries.values()) if state in (None, d.state)]
        return [msgspec.structs.replace(d, body=b"") for d in chosen[:limit]]

    def intend(self, effect: Effect) -> Effect:
        """See EventStore."""
        return self._effect(self._effects.setdefault(effect.key, msgspec.json.encode(effect)))

    def observe(self, key: str, result: Mapping[str, Any]) -> None:
        """See EventStore."""
        if key not in self._effects:
            raise StoreError(f"no effect was intended under the key {key}")
        effect = msgspec.structs.replace(
            self._effect(self._effects[key]), state="observed", result=dict(result)
        )
        self._effects[key] = msgspec.json.encode(effect)

    def effects(self, instance: str | None = None) -> list[Effect]:
        """See EventStore."""
        journal = map(self._effect, self._effects.values())
        return [effect for effect in journal if instance in (None, effect.instance)]

    def came_up(self, at: str, most: int) -> list[str]:
        """See EventStore."""
        self._starts = [*self._starts, at][-most:]
        return list(self._starts)

    def put_blob(self, data: bytes, *, lasting: bool = False) -> str:
        """See EventStore."""
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        expires = FOREVER if lasting else self._now() + self._blob_life
        if digest in self._blobs:
            expires = max(expires, self._blobs[digest][1])
        self._blobs[digest] = (data, expires)
        return digest

    def get_blob(self, digest: str) -> bytes:
        """See EventStore."""
        data, expires = self._blobs[digest]
        if expires <= self._now():
            raise KeyError(digest)
        return data

    def close(self) -> None:
        """Nothing to do: there is nothing that outlives the process."""

    def _delivery(self, delivery: str) -> Delivery:
        if delivery not in self._deliveries:
            raise StoreError(f"no delivery {delivery} was kept")
        return self._deliveries[delivery]

    @staticmethod
    def _effect(data: bytes) -> Effect:
        return msgspec.json.decode(data, type=Effect)
