"""Secrets: `${secret.NAME}` in the inputs of a step, and what takes their values out of whatever is to be kept.

A reference is recorded, a value never. It is looked up when a step is called, and what the step answers is
searched for it, as it is and as base64, JSON, a log and other encodings would show it. Not here: where values come
from (the engine's port SecretSource), and what a step writes to the outside world itself.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import msgspec

HIDDEN = "[secret {name}]"
_ENOUGH = 8  # characters in the middle of something else, to be sure that it is the secret
_URL_SAFE = str.maketrans("+/", "-_")


class Secrets(Mapping[str, str]):
    """Looked up by name, and remembered for hiding. find: the value, or None."""

    def __init__(self, find: Callable[[str], str | None]) -> None:
        self._find = find
        self.seen: dict[str, str] = {}
        self._known: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, name: str) -> str:
        value = self._find(name)
        if not value:
            raise KeyError(name)
        self.seen[name] = value
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self._find(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self.seen)

    def __len__(self) -> int:
        return len(self.seen)

    def hidden(self, value: Any) -> Any:
        """The value without any secret that was looked up, in keys and numbers too."""
        if isinstance(value, str):
            for secret, instead in self._forms():
                value = value.replace(secret, instead)
            return value
        if isinstance(value, msgspec.Struct):
            fields = value.__struct_fields__
            return msgspec.structs.replace(value, **{n: self.hidden(getattr(value, n)) for n in fields})
        if isinstance(value, Mapping):
            return {self.hidden(k): self.hidden(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.hidden(item) for item in value)
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and str(value) in self.seen.values()
        ):
            return self.hidden(str(value))
        return value

    def _forms(self) -> list[tuple[str, str]]:
        """What to look for, the longest first, so that no secret leaves the rest of another behind."""
        found: dict[str, str] = {}
        for name, value in self.seen.items():
            if value not in self._known:
                self._known[value] = tuple(_shown(value))
            for form in self._known[value]:
                found.setdefault(form, HIDDEN.format(name=name))
        return sorted(found.items(), key=lambda item: -len(item[0]))


def _shown(value: str) -> Iterator[str]:
    """A secret as it is, and as it shows in an URL, a log, JSON, hexadecimal digits or a basic authorization."""
    data = value.encode(errors="surrogatepass")
    yield value
    yield quote(data, safe="")
    yield from (repr(value)[1:-1], repr(data)[2:-1])
    if len(data.hex()) >= _ENOUGH:
        yield data.hex()
    yield from (json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
    whole = base64.b64encode(data).decode()
    yield from (whole, whole.rstrip("="))
    for before in range(3):  # what stands around it in the same text moves it, and has a share in its edges
        encoded = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        inside = encoded[(0, 2, 3)[before] : -1 if (before + len(data)) % 3 else None]
        if len(inside) >= _ENOUGH:
            yield from (inside, inside.translate(_URL_SAFE))
