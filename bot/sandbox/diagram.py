"""Simple Mermaid flowcharts drawn as SVG, so that a page without scripts still shows a picture.

Understands what bots write: `flowchart` or `graph` with a direction, nodes with one label in any bracket, edges
with or without a label, colours of `classDef`; the frame of a `subgraph` is left out. Anything else, or anything
large, is not drawn (None) and the page shows the source. Layers by longest path; no attempt at fewest crossings.
Every text is escaped; the result holds no style, script, link or id.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

_HEAD = re.compile(r"^\s*(?:flowchart|graph)\s+(TD|TB|LR|RL|BT)\s*;?\s*$")
_NAME = r"[A-Za-z_][\w-]*?"
_SHAPE = r"(?:\(\[.*?\]\)|\[\[.*?\]\]|\[\(.*?\)\]|\(\(.*?\)\)|\{\{.*?\}\}|\[.*?\]|\(.*?\)|\{.*?\}|>.*?\])"
_NODE = re.compile(rf"\s*({_NAME})\s*({_SHAPE})?(?::::([\w-]+))?\s*(?=$|&|;|[-=.<]|\s)")
_EDGE = re.compile(
    r"\s*(?:<)?(?:(?P<plain>-{2,3}>?|={2,3}>?|-\.+->?)\s*(?:\|(?P<bar>[^|]*)\|)?"
    r"|--\s+(?P<mid>[^->|]+?)\s+-->|-\.\s+(?P<dots>[^.>|]+?)\s+\.->|==\s+(?P<thick>[^=>|]+?)\s+==>)\s*"
)
_COLOURS = re.compile(r"^\s*classDef\s+([\w,-]+)\s+(.+)$")
_PAINT = re.compile(r"(fill|stroke|color):\s*(#[0-9a-fA-F]{3,8})\b")
_CLASS = re.compile(r"^\s*class\s+([\w,-]+)\s+([\w-]+)\s*$")
_IGNORED = re.compile(r"^\s*(?:%%|style\b|linkStyle\b|click\b|subgraph\b|end\b|direction\b|$)")
LIMIT = 60  # nodes and edges


@dataclass
class _Graph:
    labels: dict[str, str] = field(default_factory=dict)
    edges: list[tuple[str, str, str, bool]] = field(default_factory=list)  # from, to, label, dotted
    classes: dict[str, str] = field(default_factory=dict)  # node -> class
    paint: dict[str, dict[str, str]] = field(default_factory=dict)  # class -> fill, stroke, color -> #hex


def draw(source: str) -> str | None:
    """An SVG element for a flowchart, or None if it is not a simple one."""
    lines = source.strip().splitlines()
    head = _HEAD.match(lines[0]) if lines else None
    if head is None or len(source) > 8000:
        return None
    graph = _Graph()
    for line in lines[1:]:
        for part in line.split(";"):
            if not _IGNORED.match(part) and not _colours(part, graph) and not _read(part, graph):
                return None
    if not graph.labels or len(graph.labels) > LIMIT or len(graph.edges) > LIMIT:
        return None
    return _svg(graph, across=head[1] in ("LR", "RL"), backwards=head[1] in ("RL", "BT"))


def _colours(line: str, graph: _Graph) -> bool:
    """Adds a classDef or class statement, if it is one. Colours are hexadecimal or not taken."""
    if found := _COLOURS.match(line):
        for name in found[1].split(","):
            graph.paint[name] = dict(_PAINT.findall(found[2]))
    elif found := _CLASS.match(line):
        graph.classes |= dict.fromkeys(found[1].split(","), found[2])
    return found is not None


def _read(line: str, graph: _Graph) -> bool:
    """Adds one statement: nodes, or a chain of edges. False if it is not understood."""
    at, before, edge = 0, [], None
    while True:
        group: list[str] = []
        while True:
            node = _NODE.match(line, at)
            if node is None:
                return False
            at = node.end()
            group.append(node[1])
            if node[3]:
                graph.classes[node[1]] = node[3]
            if node[2] or node[1] not in graph.labels:
                graph.labels[node[1]] = _label(node[2]) if node[2] else node[1]
            if not line[at:].lstrip().startswith("&"):
                break
            at = line.index("&", at) + 1
        if edge is not None:
            words = next((w for w in (edge["bar"], edge["mid"], edge["dots"], edge["thick"]) if w), "")
            dotted = "-." in edge[0]
            graph.edges += [(one, other, _clean(words), dotted) for one in before for other in group]
        if not line[at:].strip():
            return True
        edge = _EDGE.match(line, at)
        if edge is None or edge.end() == at:
            return False
        at, before = edge.end(), group


def _label(shape: str) -> str:
    return _clean(shape.strip("[](){}>")) or " "


def _clean(text: str) -> str:
    words = re.sub(r"<br\s*/?>", "\n", text.strip().strip('"').strip("/\\"))
    return html.unescape(re.sub(r"#(quot|amp|lt|gt|#?\w+);", r"&\1;", words))


def _layers(graph: _Graph) -> dict[str, int]:
    """Each node's layer: one more than its furthest predecessor; edges that go back are ignored."""
    layer = dict.fromkeys(graph.labels, 0)
    order, seen = [], set()

    def visit(name: str, path: frozenset[str]) -> None:
        if name in seen:
            return
        seen.add(name)
        for one, other, _, _ in graph.edges:
            if one == name and other not in path:
                visit(other, path | {other})
        order.append(name)

    for name in graph.labels:
        visit(name, frozenset({name}))
    rank = {name: place for place, name in enumerate(reversed(order))}
    for name in sorted(rank, key=rank.__getitem__):
        for one, other, _, _ in graph.edges:
            if one == name and rank[other] > rank[name]:
                layer[other] = max(layer[other], layer[name] + 1)
    return layer


def _svg(graph: _Graph, *, across: bool, backwards: bool) -> str:
    layer = _layers(graph)
    deepest = max(layer.values())
    rows: list[list[str]] = [[] for _ in range(deepest + 1)]
    for name in graph.labels:
        rows[deepest - layer[name] if backwards else layer[name]].append(name)
    texts = {name: label.split("\n") for name, label in graph.labels.items()}
    size = {n: (max(len(t) for t in ts) * 7.4 + 26, len(ts) * 17 + 18) for n, ts in texts.items()}
    longest = max((len(label) for _, _, label, _ in graph.edges), default=0)
    gap, side = (36 + longest * 6.6 if across else 46), 22
    place: dict[str, tuple[float, float]] = {}
    along, widest = 8.0, 0.0
    spans = [sum(size[n][1 if across else 0] + side for n in row) - side for row in rows]
    for row, span in zip(rows, spans, strict=True):
        offset = 8 + (max(spans) - span) / 2
        thick = max(size[n][0 if across else 1] for n in row)
        for name in row:
            wide, high = size[name]
            place[name] = (
                (along + thick / 2, offset + high / 2) if across else (offset + wide / 2, along + thick / 2)
            )
            offset += (high if across else wide) + side
        along += thick + gap
        widest = max(widest, offset)
    total, breadth = along - gap + 8, max(spans) + 16
    width, height = (total, breadth) if across else (breadth, total)
    parts = [
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" role="img" '
        'aria-label="diagram">'
    ]
    parts += [
        _line(place[a], size[a], place[b], size[b], label, dotted, across)
        for a, b, label, dotted in graph.edges
    ]
    for name in graph.labels:
        paint = graph.paint.get(graph.classes.get(name, ""), {})
        parts.append(_box(place[name], size[name], texts[name], paint))
    return "".join(parts) + "</svg>"


def _box(at: tuple[float, float], size: tuple[float, float], lines: list[str], paint: dict[str, str]) -> str:
    (x, y), (width, height) = at, size
    first = y - (len(lines) - 1) * 8.5 + 4.5
    ink = f' fill="{paint["color"]}"' if "color" in paint else ""
    fill = "".join(f' {kind}="{paint[kind]}"' for kind in ("fill", "stroke") if kind in paint)
    words = "".join(
        f'<text x="{x:.1f}" y="{first + i * 17:.1f}" text-anchor="middle"{ink}>{html.escape(line)}</text>'
        for i, line in enumerate(lines)
    )
    return (
        f'<rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" '
        f'width="{width:.1f}" height="{height:.1f}" rx="7"{fill}/>{words}'
    )


def _line(
    start: tuple[float, float],
    start_size: tuple[float, float],
    end: tuple[float, float],
    end_size: tuple[float, float],
    label: str,
    dotted: bool,
    across: bool,
) -> str:
    axis = 0 if across else 1
    sign = 1 if end[axis] >= start[axis] else -1
    a, b = list(start), list(end)
    a[axis] += sign * start_size[axis] / 2
    b[axis] -= sign * (end_size[axis] / 2 + 6)
    middle = (a[axis] + b[axis]) / 2
    bend = ((middle, a[1]), (middle, b[1])) if across else ((a[0], middle), (b[0], middle))
    tip = f"{b[0]:.1f},{b[1]:.1f}"
    wing, back = 4, 7 * sign
    if across:
        head = f"M{b[0] + 6 * sign:.1f},{b[1]:.1f}l{-back},{-wing}v{2 * wing}z"
    else:
        head = f"M{b[0]:.1f},{b[1] + 6 * sign:.1f}l{-wing},{-back}h{2 * wing}z"
    (c, d), (e, f) = bend
    dash = ' stroke-dasharray="4 4"' if dotted else ""
    curve = f"M{a[0]:.1f},{a[1]:.1f}C{c:.1f},{d:.1f} {e:.1f},{f:.1f} {tip}"
    made = f'<path d="{curve}"{dash}/><path class="tip" d="{head}"/>'
    if label:
        x, y = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2 - 5
        made += f'<text class="edge" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{html.escape(label)}</text>'
    return made
