"""The graph of a log: which record replaces, amends, needs or only names which; as mermaid and as JSON.

Both sides of one fact ("supersedes", "superseded by") are one edge. Labels come from records, so they are escaped
for mermaid; nothing in them can end a label or begin a click.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.records.log import RecordLog
from bot.records.record import Record, RelationKind, Status

_REVERSED = {
    RelationKind.SUPERSEDED_BY: RelationKind.SUPERSEDES,
    RelationKind.PARTIALLY_SUPERSEDED_BY: RelationKind.PARTIALLY_SUPERSEDES,
    RelationKind.AMENDED_BY: RelationKind.AMENDS,
}
_ARROWS = {
    RelationKind.SUPERSEDES: ("==>", "supersedes"),
    RelationKind.PARTIALLY_SUPERSEDES: ("-.->", "partly supersedes"),
    RelationKind.AMENDS: ("-.->", "amends"),
    RelationKind.DEPENDS_ON: ("-->", "depends on"),
    RelationKind.BUILDS_ON: ("-->", "builds on"),
    RelationKind.RELATED: ("-.-", ""),
}
_FADED = (Status.SUPERSEDED, Status.DEPRECATED, Status.REJECTED)


@dataclass(frozen=True, slots=True)
class Node:
    """One record, or a target that the log does not hold (then path and status are None)."""

    key: str
    id: str
    path: str | None
    title: str | None
    status: Status | None


@dataclass(frozen=True, slots=True)
class Edge:
    """source stands in this relation to target; both are keys of nodes. stated_by: paths that say so."""

    source: str
    target: str
    kind: RelationKind
    stated_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in the order of the log, then missing targets; edges sorted."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def graph_of(log: RecordLog, *, related: bool = True) -> Graph:
    """The graph of a log. related: plain mentions are edges too."""
    nodes = {key_of(r): Node(key_of(r), r.id or r.path, r.path, r.title, r.status) for r in log}
    stated: dict[tuple[str, str, RelationKind], list[str]] = {}
    for record in log:
        for relation in record.relations:
            if relation.kind is RelationKind.RELATED and not related:
                continue
            found = log.target(record, relation)
            other = key_of(found) if found else f"?{relation.target}"
            if found is None:
                nodes.setdefault(other, Node(other, relation.target, None, relation.title, None))
            own = key_of(record)
            if relation.kind in _REVERSED:
                edge = (other, own, _REVERSED[relation.kind])
            elif relation.kind is RelationKind.RELATED:
                edge = (*sorted((own, other)), relation.kind)  # type: ignore[assignment]
            else:
                edge = (own, other, relation.kind)
            by = stated.setdefault(edge, [])
            if record.path not in by:
                by.append(record.path)
    strong = {frozenset(edge[:2]) for edge in stated if edge[2] is not RelationKind.RELATED}
    edges = tuple(
        Edge(*edge, tuple(by))
        for edge, by in sorted(stated.items())
        if edge[2] is not RelationKind.RELATED or frozenset(edge[:2]) not in strong
    )
    return Graph(tuple(nodes.values()), edges)


def key_of(record: Record) -> str:
    """What names a record within its log, also where two have one id or one file holds several."""
    return f"{record.path}#{record.id}"


def to_json(graph: Graph) -> dict[str, Any]:
    """The graph as plain JSON values."""
    return {
        "nodes": [
            {
                "key": n.key,
                "id": n.id,
                "path": n.path,
                "title": n.title,
                "status": n.status.value if n.status else None,
                "present": n.path is not None,
            }
            for n in graph.nodes
        ],
        "edges": [
            {"source": e.source, "target": e.target, "kind": e.kind.value, "stated_by": list(e.stated_by)}
            for e in graph.edges
        ],
    }


def to_mermaid(graph: Graph) -> str:
    """The graph as a mermaid flowchart; records without any edge are left out."""
    used = {key for edge in graph.edges for key in (edge.source, edge.target)}
    names = {node.key: f"r{index}" for index, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    for node in graph.nodes:
        if node.key in used:
            title = f": {node.title}" if node.title else ""
            suffix = ":::gone" if node.status in _FADED else ":::missing" if node.path is None else ""
            lines.append(f'    {names[node.key]}["{escaped(node.id + title)}"]{suffix}')
    for edge in graph.edges:
        arrow, label = _ARROWS[edge.kind]
        text = f"|{label}|" if label else ""
        lines.append(f"    {names[edge.source]} {arrow}{text} {names[edge.target]}")
    lines += ["    classDef gone stroke-dasharray: 4 4,opacity: 0.6", "    classDef missing stroke: #b00"]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Text for a quoted mermaid label: everything but plain letters, digits and harmless marks as a code."""
    kept = " ".join(text.split())[:80]
    return "".join(c if c.isalnum() or c in " .,:-_/()+" else f"#{ord(c)};" for c in kept)
