"""From kept deliveries to the engine: the worker's half of the receiver.

Deliveries are taken in order of arrival, each read into a Fact and handed to the coordinator, which settles it
in the transaction of what it started. One that cannot be handled is tried a few times, then parked, where
`cloi deliveries` shows it: a broken one must not stop the others, nor be lost.
"""

from __future__ import annotations

import logging

from bot.coordination.coordinator import StepCoordinator
from bot.engine.errors import StoreError
from bot.engine.ports import Delivery, EventStore
from bot.github import facts

log = logging.getLogger("cloi.intake")

MOST_ATTEMPTS = 5


class Intake:
    """app_id, slug: who we are, so that our own doing is not answered."""

    def __init__(self, store: EventStore, coordinator: StepCoordinator, *, app_id: int, slug: str) -> None:
        self.store = store
        self.coordinator = coordinator
        self.app_id = app_id
        self.slug = slug

    def take(self) -> int:
        """Handle what is pending; how many deliveries that was. One that fails waits for the next round, and all
        wait where the store itself fails: a full disk must not end the worker."""
        taken: set[str] = set()
        try:
            while pending := [d for d in self.store.pending() if d.id not in taken]:
                for delivery in pending:
                    self._handle(delivery)
                    taken.add(delivery.id)
        except StoreError as error:
            log.error("deliveries wait, since the store fails: %s", error)
        return len(taken)

    def _handle(self, delivery: Delivery) -> None:
        try:
            fact = facts.read(delivery, app_id=self.app_id, slug=self.slug)
            match fact:
                case facts.Ignored(reason=reason):
                    self.store.settle(delivery.id, "ignored", reason)
                case facts.Unreadable(reason=reason):
                    self.store.settle(delivery.id, "parked", reason)
                case facts.Fact():
                    self.coordinator.handle(
                        fact.kind,
                        fact.data,
                        fact.keys,
                        actor=f"@{fact.actor}",
                        cause=f"delivery:{delivery.id}",
                        delivery=delivery.id,
                    )
        except Exception as error:
            log.exception("delivery %s (%s) could not be handled", delivery.id, delivery.event)
            attempts = self.store.stumble(delivery.id, f"{type(error).__name__}: {error}")
            if attempts >= MOST_ATTEMPTS:
                self.store.settle(delivery.id, "parked", f"{type(error).__name__}: {error}")
