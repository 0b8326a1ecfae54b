"""Stores behind the engine's ports: memory and SQLite."""

from __future__ import annotations

from bot.engine.errors import StoreError
from bot.store.memory import MemoryStore
from bot.store.sqlite import SQLiteStore

__all__ = ["MemoryStore", "SQLiteStore", "open_store"]


def open_store(url: str, *, readonly: bool = False) -> MemoryStore | SQLiteStore:
    """The store that a url names: sqlite:///relative.sqlite3, sqlite:////absolute.sqlite3 or memory:.

    Raises StoreError for other urls, and where the store cannot be opened.
    """
    if url == "memory:" and not readonly:
        return MemoryStore()
    if url.startswith("sqlite:///") and len(url) > len("sqlite:///"):
        return SQLiteStore(url.removeprefix("sqlite:///"), readonly=readonly)
    raise StoreError(
        f"{url.split('@')[-1]}: no such store; use sqlite:///FILE (four slashes for an absolute path)"
    )
