"""The sections of a document as a graph: what follows what, every branch and every jump.

As Mermaid (GitHub and many editors draw it) or as DOT (Graphviz).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from adapter.swml import program
from adapter.swml.document import Document
from adapter.swml.program import Block, Step

_LABEL = 60
"""Characters of a node's or an edge's text."""


@dataclass(frozen=True, slots=True)
class Edge:
    """From one step to another, with the condition under which it is taken."""

    source: str
    target: str
    text: str = ""
    dashed: bool = False


@dataclass(slots=True)
class Graph:
    """Steps by path, in sections, and the edges between them."""

    sections: dict[str, dict[str, str]] = field(default_factory=dict)
    outside: dict[str, str] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)


def graph_of(document: Document) -> Graph:
    """The graph of a document."""
    builder = _Builder(document)
    for name in document.sections:
        builder.section(name)
    return builder.graph


class _Builder:
    def __init__(self, document: Document) -> None:
        self.graph = Graph()
        self._document = document
        self._section = ""
        self._nodes: dict[str, str] = {}

    def section(self, name: str) -> None:
        self._section, self._nodes = name, {}
        self._nodes[name] = name
        self.graph.sections[name] = self._nodes
        self._block(self._document.block(name), [Edge(name, "")])

    def _block(self, block: Block, entries: list[Edge]) -> list[Edge]:
        """Adds the steps of a block; what leads in comes in, what leads out goes back."""
        for step in block.steps:
            self._nodes[step.path] = _text(step)
            self._connect(entries, step.path)
            entries = self._after(step)
        return entries

    def _connect(self, edges: list[Edge], target: str) -> None:
        for edge in edges:
            self.graph.edges.append(Edge(edge.source, target, edge.text, edge.dashed))

    def _after(self, step: Step) -> list[Edge]:
        """The edges that lead from a step to the next one."""
        follow = self._FOLLOW.get(type(step.operation))
        return [Edge(step.path, "")] if follow is None else follow(self, step, step.operation)

    def _cond(self, step: Step, cond: program.Cond) -> list[Edge]:
        exits: list[Edge] = []
        for when, path in cond.entries:
            exits += self._enter(path, Edge(step.path, "", str(when)))
        if cond.otherwise is None:
            return [*exits, Edge(step.path, "", "else")]
        return exits + self._enter(cond.otherwise, Edge(step.path, "", "else"))

    def _switch(self, step: Step, switch: program.Switch) -> list[Edge]:
        exits: list[Edge] = []
        for key, path in switch.cases.items():
            exits += self._enter(path, Edge(step.path, "", key))
        if switch.default is None:
            return [*exits, Edge(step.path, "", "no match")]
        return exits + self._enter(switch.default, Edge(step.path, "", "default"))

    def _act(self, step: Step, act: program.Act) -> list[Edge]:
        if act.method == "hangup":
            return []
        return self._branches(step, () if act.branch is None else (act.branch,))

    def _execute(self, step: Step, execute: program.Execute) -> list[Edge]:
        self._leave(step, execute.dest, dashed=True)
        return self._branches(step, tuple(reversed(execute.after)))

    def _transfer(self, step: Step, transfer: program.Transfer) -> list[Edge]:
        self._leave(step, transfer.dest, dashed=False)
        return []

    def _return(self, _step: Step, _returned: program.Return) -> list[Edge]:
        return []

    def _branches(self, step: Step, paths: tuple[str, ...]) -> list[Edge]:
        edges = [Edge(step.path, "")]
        for path in paths:
            edges = self._block(self._document.block(path), edges)
        return edges

    def _enter(self, path: str, edge: Edge) -> list[Edge]:
        return self._block(self._document.block(path), [edge])

    def _goto(self, step: Step, goto: program.Goto) -> list[Edge]:
        target = next(self._labels(str(goto.label)), None)
        if target is not None:
            self.graph.edges.append(Edge(step.path, target, str(goto.when or ""), dashed=True))
        return [Edge(step.path, "", "then")]

    def _labels(self, name: str) -> Iterator[str]:
        inside = (f"{self._section}[", f"{self._section}.")
        for block in self._document.program.blocks.values():
            here = block.path == self._section or block.path.startswith(inside)
            if here and name in block.labels:
                yield block.steps[block.labels[name]].path

    def _leave(self, step: Step, dest: object, *, dashed: bool) -> None:
        target = dest.name if isinstance(dest, Document) else str(dest)
        if target not in self._document.sections:
            self.graph.outside[target] = target
        self.graph.edges.append(Edge(step.path, target, "" if dashed else step.method, dashed))

    _FOLLOW: Final[Mapping[type, Callable[["_Builder", Step, Any], list[Edge]]]] = {
        program.Act: _act,
        program.Cond: _cond,
        program.Switch: _switch,
        program.Execute: _execute,
        program.Transfer: _transfer,
        program.Return: _return,
        program.Goto: _goto,
    }


def mermaid(document: Document) -> str:
    """The graph in Mermaid's language."""
    graph, names = graph_of(document), _Names()
    lines = ["flowchart TD"]
    for section, nodes in graph.sections.items():
        lines.append(f'  subgraph {names[f"section {section}"]}["{_quoted(section)}"]')
        lines += [f'    {names[path]}["{_quoted(text)}"]' for path, text in nodes.items()]
        lines.append("  end")
    lines += [f'  {names[path]}(["{_quoted(text)}"])' for path, text in graph.outside.items()]
    for edge in graph.edges:
        arrow = "-.->" if edge.dashed else "-->"
        text = f'|"{_quoted(edge.text)}"|' if edge.text else ""
        lines.append(f"  {names[edge.source]} {arrow}{text} {names[edge.target]}")
    return "\n".join(lines) + "\n"


def dot(document: Document) -> str:
    """The graph in Graphviz's language."""
    graph, names = graph_of(document), _Names()
    lines = ["digraph swml {", "  node [shape=box];"]
    for section, nodes in graph.sections.items():
        lines.append(f"  subgraph cluster_{names[f'section {section}']} {{")
        lines.append(f'    label="{_escaped(section)}";')
        lines += [f'    {names[path]} [label="{_escaped(text)}"];' for path, text in nodes.items()]
        lines.append("  }")
    for path, text in graph.outside.items():
        lines.append(f'  {names[path]} [label="{_escaped(text)}", shape=oval];')
    for edge in graph.edges:
        style = ", style=dashed" if edge.dashed else ""
        label = _escaped(edge.text)
        lines.append(f'  {names[edge.source]} -> {names[edge.target]} [label="{label}"{style}];')
    return "\n".join([*lines, "}"]) + "\n"


class _Names(dict[str, str]):
    """Short names of nodes, which neither language can trip over."""

    def __missing__(self, path: str) -> str:
        self[path] = f"n{len(self)}"
        return self[path]


def _text(step: Step) -> str:
    match step.operation:
        case program.Label(name=name):
            return f"label {name}"
        case program.Goto(label=label):
            return f"goto {label}"
        case program.Switch(variable=variable):
            return f"switch {variable}"
        case program.Act(fixed=fixed, open=opened):
            first = next((value for value in {**fixed, **opened}.values()), "")
            return f"{step.method} {first}" if isinstance(first, str) and first else step.method
    return step.method


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LABEL else flat[: _LABEL - 1] + "…"


def _quoted(text: str) -> str:
    replaced = _shortened(text).replace("&", "#amp;").replace('"', "#quot;")
    return replaced.replace("<", "#lt;").replace(">", "#gt;")


def _escaped(text: str) -> str:
    return _shortened(text).replace("\\", "\\\\").replace('"', '\\"')
