"""Regular expressions whose time nobody can blow up: a subset, matched in one pass over the text.

Patterns come from records, so from whoever opens a pull request, and Python's own engine can neither be
interrupted in a thread nor kept from exponential time: `(a+)+$` would stop the bot. Here a pattern becomes a
nondeterministic automaton whose states are followed all at once (Thompson), with what was seen kept for the next
time; each character costs at most the size of the pattern, and a budget of steps, the same on every machine,
bounds the rest. What such an automaton cannot do (references back, looking around) is refused by name.

Understood: literals, `.`, classes, `\\d \\w \\s \\b` and their capitals, `^ $`, groups, `|`, `* + ? {m,n}`, lazy
or not. Letters are those of ASCII, as in JavaScript. Not here: what a match means (constraints.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

MAX_PATTERN = 500
MAX_NODES = 500
_MAX_DEPTH, _MAX_COUNT = 30, 200
_MAX_BUILT = 10 * MAX_NODES
_MAX_STATES, _MAX_KNOWN = 500, 20_000  # what is remembered between characters: a few megabytes
# In steps, as measured: a line whatever its length, and what was not seen before.
_PER_LINE, _PER_NEW, _PER_NODE = 10, 20, 4
_LAST = 0x10FFFF

Ranges: TypeAlias = tuple[tuple[int, int], ...]

_CLASSES: dict[str, Ranges] = {
    "d": ((48, 57),),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "s": (
        (9, 13), (32, 32), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029),
        (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF),
    ),
}  # fmt: skip
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}
_WORD = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")


class Unsupported(ValueError):
    """The pattern is none, or one that cannot be matched in one pass. The text is for people."""


class TooMuch(Exception):
    """The budget of steps is used up."""


@dataclass
class Budget:
    """Steps that may still be taken; one is about a millionth of a second."""

    left: int

    def spend(self, steps: int) -> None:
        """Raises TooMuch if no step is left."""
        self.left -= steps
        if self.left < 0:
            raise TooMuch


# The pattern as a tree: ("chars", ranges), ("at", "^" | "$" | "b" | "B"), ("all", parts), ("any", parts) and
# ("repeat", part, least, most or None).
_Tree: TypeAlias = tuple[object, ...]


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text, 0, 0

    def whole(self) -> _Tree:
        tree = self._alternatives()
        if self.at < len(self.text):
            raise Unsupported("a closing bracket has no opening one")
        return tree

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _take(self) -> str:
        char = self._peek()
        if not char:
            raise Unsupported("the pattern ends too early")
        self.at += 1
        return char

    def _alternatives(self) -> _Tree:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise Unsupported(f"its groups are nested more than {_MAX_DEPTH} deep")
        parts = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            parts.append(self._sequence())
        self.depth -= 1
        return ("any", parts) if len(parts) > 1 else parts[0]

    def _sequence(self) -> _Tree:
        parts: list[_Tree] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom()))
        return ("all", parts)

    def _repeated(self, atom: _Tree) -> _Tree:
        while (found := self._quantifier()) is not None:
            if atom[0] == "at":
                raise Unsupported("it repeats a place, such as ^ or \\b")
            if self._peek() == "?":
                self.at += 1
            elif self._peek() == "+":
                raise Unsupported("it is possessive (++)")
            atom = ("repeat", atom, *found)
            if self._peek() in ("*", "?", "{"):
                raise Unsupported("it repeats a repetition")
        return atom

    def _quantifier(self) -> tuple[int, int | None] | None:
        char = self._peek()
        if char in ("*", "+", "?") and char:
            self.at += 1
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]
        end = self.text.find("}", self.at) if char == "{" else -1
        least, comma, most = self.text[self.at + 1 : end].partition(",") if end >= 0 else ("", "", "")
        if not (least.isascii() and least.isdigit()) or (most and not (most.isascii() and most.isdigit())):
            return None  # a brace that is only a brace
        if len(least) > 3 or len(most) > 3 or max(int(least), int(most or 0)) > _MAX_COUNT:
            raise Unsupported(f"it repeats something more than {_MAX_COUNT} times")
        self.at = end + 1
        bounds = (int(least), int(most) if most else None if comma else int(least))
        if bounds[1] is not None and bounds[1] < bounds[0]:
            raise Unsupported("it repeats something at least more often than at most")
        return bounds

    def _atom(self) -> _Tree:
        char = self._take()
        if char == "(":
            return self._group()
        if char == "[":
            return ("chars", self._class())
        if char == ".":
            return ("chars", _others(((10, 10),)))
        if char in "^$":
            return ("at", char)
        if char in "*+?":
            raise Unsupported(f"{char} has nothing to repeat")
        if char == "\\":
            if self._peek() in ("b", "B") and self._peek():
                return ("at", self._take())
            return ("chars", self._escape())
        return ("chars", ((ord(char), ord(char)),))

    def _group(self) -> _Tree:
        if self._peek() == "?":
            start = self.text[self.at : self.at + 3]
            if not start.startswith("?:"):
                raise Unsupported(f"it uses ({start}, which needs more than one pass")
            self.at += 2
        tree = self._alternatives()
        if self._peek() != ")":
            raise Unsupported("a bracket is not closed")
        self.at += 1
        return tree

    def _escape(self) -> Ranges:
        char = self._take()
        if char.lower() in _CLASSES:
            ranges = _CLASSES[char.lower()]
            return _others(ranges) if char.isupper() else ranges
        if char in "xu":
            digits = self.text[self.at : self.at + (2 if char == "x" else 4)]
            if len(digits) != (2 if char == "x" else 4) or any(
                d not in "0123456789abcdefABCDEF" for d in digits
            ):
                raise Unsupported(f"\\{char} has not enough hexadecimal digits")
            self.at += len(digits)
            return ((int(digits, 16),) * 2,)
        if char in _CONTROLS:
            return ((ord(_CONTROLS[char]),) * 2,)
        if char.isalnum():
            raise Unsupported(f"it uses \\{char}, which needs more than one pass or is not known")
        return ((ord(char), ord(char)),)

    def _class(self) -> Ranges:
        negated = self._peek() == "^"
        self.at += negated
        found: list[tuple[int, int]] = []
        first = True
        while first or self._peek() != "]":
            first = False
            low = self._member()
            if self._peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self._member()
                if len(low) != 1 or len(high) != 1 or low[0][0] != low[0][1] or high[0][0] < low[0][0]:
                    raise Unsupported("a class holds a range that is none")
                low = ((low[0][0], high[0][1]),)
            found += low
        self.at += 1
        ranges = tuple(sorted(found))
        return _others(ranges) if negated else ranges

    def _member(self) -> Ranges:
        char = self._take()
        if char != "\\":
            return ((ord(char), ord(char)),)
        if self._peek() == "b":
            self.at += 1
            return ((8, 8),)
        return self._escape()


def _others(ranges: Ranges) -> Ranges:
    out, start = [], 0
    for low, high in sorted(ranges):
        if low > start:
            out.append((start, low - 1))
        start = max(start, high + 1)
    return (*out, (start, _LAST)) if start <= _LAST else tuple(out)


# A node of the automaton: ("chars", ranges, next), ("at", kind, next), ("split", nexts) or ("found",).
_State: TypeAlias = frozenset[int]


@dataclass
class Linear:
    """A pattern that is looked for in lines. Raises Unsupported if it cannot be."""

    pattern: str
    _nodes: list[_Tree] = field(default_factory=list, init=False, repr=False)
    _start: int = field(init=False, repr=False)
    _built: int = field(default=0, init=False, repr=False)
    _known: dict[tuple[_State, int, str], tuple[bool, _State]] = field(
        default_factory=dict, init=False, repr=False
    )
    _states: dict[_State, _State] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.pattern) > MAX_PATTERN:
            raise Unsupported(f"it has {len(self.pattern)} characters; {MAX_PATTERN} are looked at")
        self._start = self._build(_Parser(self.pattern).whole(), self._node("found"))

    def finds(self, line: str, budget: Budget) -> bool:
        """Whether the pattern matches anywhere in the line (without its end). Raises TooMuch."""
        here: _State = frozenset()
        known, size, before = self._known, len(line), False
        budget.spend(size + _PER_LINE)
        for at in range(size + 1):
            char = line[at : at + 1]
            after = char in _WORD
            context = (at == 0) | (at == size) << 1 | before << 2 | after << 3
            step = known.get((here, context, char))
            if step is None:
                step = self._step(here, context, char, budget)
            if step[0]:
                return True
            here, before = step[1], after
        return False

    def _step(self, here: _State, context: int, char: str, budget: Budget) -> tuple[bool, _State]:
        """From the nodes that wait before this character: whether the end is reached, and who waits after it."""
        found, there = False, set()
        reached = set(here) | {self._start}
        todo = list(reached)
        while todo:
            node = self._nodes[todo.pop()]
            nexts: tuple[int, ...] = ()
            match node:
                case ("found",):
                    found = True
                case ("split", list(several)):
                    nexts = tuple(several)
                case ("at", str(kind), int(then)):
                    nexts = (then,) if _holds(kind, context) else ()
                case ("chars", tuple(ranges), int(then)):
                    code = ord(char) if char else -1
                    if any(low <= code <= high for low, high in ranges):
                        there.add(then)
            todo += [n for n in nexts if n not in reached]
            reached.update(nexts)
        budget.spend(_PER_NEW + _PER_NODE * len(reached))
        if len(self._states) >= _MAX_STATES or len(self._known) >= _MAX_KNOWN:
            self._states.clear()
            self._known.clear()
        state = frozenset(there)
        step = (found, self._states.setdefault(state, state))
        self._known[here, context, char] = step
        return step

    def _node(self, *node: object) -> int:
        if len(self._nodes) >= MAX_NODES:
            raise Unsupported(f"it stands for more than {MAX_NODES} single steps")
        self._nodes.append(node)
        return len(self._nodes) - 1

    def _build(self, tree: _Tree, then: int) -> int:
        """The node at which the tree begins, if what comes after it begins at `then`."""
        self._built += 1
        if self._built > _MAX_BUILT:  # nothing, repeated often enough, makes no node and takes for ever
            raise Unsupported("it repeats too much")
        match tree:
            case ("all", list(parts)):
                for part in reversed(parts):
                    then = self._build(part, then)
                return then
            case ("any", list(parts)):
                return self._node("split", [self._build(part, then) for part in parts])
            case ("repeat", tuple(part), int(least), most):
                for _ in range(0 if most is None else int(str(most)) - least):
                    then = self._node("split", [self._build(part, then), then])
                if most is None:
                    loop: list[int] = [then]
                    then = self._node("split", loop)
                    loop.append(self._build(part, then))
                for _ in range(least):
                    then = self._build(part, then)
                return then
            case (kind, what):
                return self._node(kind, what, then)
        raise AssertionError(tree)


def _holds(kind: str, context: int) -> bool:
    if kind in "^$":
        return bool(context & (1 if kind == "^" else 2))
    border = bool(context & 4) != bool(context & 8)
    return border == (kind == "b")
