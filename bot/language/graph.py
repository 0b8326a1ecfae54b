"""Who comes before whom among the steps of a definition, near and far. Pure.

A definition may have thousands of steps, one after the other: which of them come before each is millions of names,
so they are kept as the bits of one number each. Not here: what is wrong with a graph (lint.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet


class Names(AbstractSet[str]):
    """Some of the names that are known, as bits in their order. known, place: shared by all of one graph."""

    __slots__ = ("bits", "known", "place")

    def __init__(self, bits: int, known: tuple[str, ...], place: Mapping[str, int]) -> None:
        self.bits, self.known, self.place = bits, known, place

    def __contains__(self, name: object) -> bool:
        at = self.place.get(name) if isinstance(name, str) else None
        return at is not None and bool(self.bits >> at & 1)

    def __len__(self) -> int:
        return self.bits.bit_count()

    def __iter__(self) -> Iterator[str]:
        bits = self.bits
        while bits:
            lowest = bits & -bits
            yield self.known[lowest.bit_length() - 1]
            bits ^= lowest

    def of(self, names: Iterable[str]) -> Names:
        """Others of the same graph. Raises KeyError for one that it does not know."""
        return Names(sum(1 << self.place[name] for name in set(names)), self.known, self.place)

    def without(self, name: str) -> Names:
        """All of these but one that is among them."""
        return Names(self.bits ^ 1 << self.place[name], self.known, self.place)

    def meets(self, other: Names) -> bool:
        """Whether the two, of the same graph, have one in common."""
        return bool(self.bits & other.bits)

    @classmethod
    def _from_iterable(cls, it: Iterable[str]) -> frozenset[str]:  # type: ignore[override]  # of & | -
        return frozenset(it)


def ancestors(depends_on: Mapping[str, Collection[str]]) -> dict[str, Names]:
    """For each step all that come before it; a step on a circle is among its own."""
    known = tuple(dict.fromkeys([*depends_on, *(n for names in depends_on.values() for n in names)]))
    place = {name: i for i, name in enumerate(known)}
    bits = dict.fromkeys(known, 0)
    shared: dict[int, list[str]] = {}  # the members of a group wait for the very same
    for name, names in depends_on.items():
        shared.setdefault(id(names), []).append(name)
    order = [(members, depends_on[members[0]]) for members in _upwards(depends_on, shared)]
    changed = True
    while changed:  # once, and once to see that nothing is left; more often only on circles
        changed = False
        for members, names in order:
            found = 0
            for name in names:
                found |= bits[name] | 1 << place[name]
            if found != bits[members[0]]:
                bits.update(dict.fromkeys(members, found))
                changed = True
    return {name: Names(bits[name], known, place) for name in depends_on}


def _upwards(
    depends_on: Mapping[str, Collection[str]], shared: Mapping[int, list[str]]
) -> Iterator[list[str]]:
    """The steps, those that wait for the very same together, each after what it waits for where it can be."""
    seen: set[int] = set()
    for first in depends_on.values():
        way = [(id(first), iter(first))] if id(first) not in seen else []
        seen.add(id(first))
        while way:
            here, rest = way[-1]
            for name in rest:
                names = depends_on.get(name)
                if names is not None and id(names) not in seen:
                    seen.add(id(names))
                    way.append((id(names), iter(names)))
                    break
            else:
                way.pop()
                yield shared[here]


def descendants(depends_on: Mapping[str, Collection[str]]) -> dict[str, Names]:
    """For each step all that build upon it."""
    upon: dict[str, list[str]] = {name: [] for name in depends_on}
    for name, names in depends_on.items():
        for above in names:
            upon.setdefault(above, []).append(name)
    return ancestors(upon)


def held_together(
    steps: Iterable[tuple[str, Collection[str], str | None]],
) -> dict[str, frozenset[str]]:
    """What each step waits for, from its name, depends_on and parallel_group: a group begins as one."""
    known = list(steps)
    gathered: dict[str, set[str]] = {}
    for _, depends_on, group in known:
        if group:
            gathered.setdefault(group, set()).update(depends_on)
    groups = {group: frozenset(names) for group, names in gathered.items()}
    return {name: groups[group] if group else frozenset(depends_on) for name, depends_on, group in known}
