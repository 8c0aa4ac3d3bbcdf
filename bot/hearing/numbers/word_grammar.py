"""Phrases a question can be answered with, and what they are worth: small grammars over words.

An expression is a function from what follows to what begins: it puts its own arcs before a node.
So `in_order(word("a"), word("b"))` needs no list of states, and a grammar is a graph without
cycles: its phrases are as long as its longest way through.

Every word may add to a phrase's value, a whole number, so that "eighty seven" (80 + 7) and "eight
seven" (8 · 10 + 7) come to the same. A phrase that can be understood in several ways ("one twenty")
has several values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A place in a grammar.

    arcs: by word, what it adds and where it leads. ends: what a phrase that ends here adds at last;
    empty when none may end here.
    """

    arcs: Mapping[str, tuple[tuple[int, Node], ...]] = field(repr=False)
    ends: tuple[int, ...] = ()


Expression = Callable[[Node], Node]
State = frozenset[tuple[int, Node]]
"""All places where the words so far may lead, each with their value; empty: nowhere."""


def word(*words: str, adds: int = 0) -> Expression:
    """Any one of these words."""
    return lambda after: Node(dict.fromkeys(words, ((adds, after),)))


def adding(value: int) -> Expression:
    """No word at all, worth this."""
    return lambda after: Node(
        {
            spoken: tuple((value + adds, target) for adds, target in targets)
            for spoken, targets in after.arcs.items()
        },
        tuple(value + adds for adds in after.ends),
    )


def in_order(*parts: Expression) -> Expression:
    return lambda after: reduce(lambda node, part: part(node), reversed(parts), after)


def one_of(*options: Expression) -> Expression:
    return lambda after: _united([option(after) for option in options])


def maybe(*parts: Expression) -> Expression:
    """The parts in order, or none of them."""
    return lambda after: _united([in_order(*parts)(after), after])


def _united(nodes: Iterable[Node]) -> Node:
    """A node from which everything goes on that goes on from one of these."""
    nodes = list(dict.fromkeys(nodes))
    if len(nodes) == 1:
        return nodes[0]
    arcs: defaultdict[str, dict[tuple[int, Node], None]] = defaultdict(dict)
    for node in nodes:
        for spoken, targets in node.arcs.items():
            arcs[spoken].update(dict.fromkeys(targets))
    return Node(
        {spoken: tuple(targets) for spoken, targets in arcs.items()},
        tuple(dict.fromkeys(adds for node in nodes for adds in node.ends)),
    )


class Grammar:
    """The phrases of an expression, read word by word; every set of places is one state.

    ignored: words that may stand anywhere and add nothing.
    """

    def __init__(self, expression: Expression, ignored: Iterable[str] = ()) -> None:
        self.start: State = frozenset({(0, expression(Node({}, ends=(0,))))})
        self._ignored = frozenset(ignored)

    def after(self, state: State, spoken: str) -> State:
        """Empty when no phrase goes on like this."""
        if spoken in self._ignored:
            return state
        return frozenset(
            (value + adds, target)
            for value, node in state
            for adds, target in node.arcs.get(spoken, ())
        )

    def values(self, state: State) -> tuple[int, ...]:
        """Of the phrase that ends here, in order; empty when it cannot end."""
        return tuple(sorted({value + adds for value, node in state for adds in node.ends}))

    def may_change(self, state: State) -> bool:
        """Whether words that follow may make another value of the phrase that ends here."""
        values = self.values(state)
        return any(_may_add(node) or (value not in values and node.arcs) for value, node in state)

    def read(self, words: Iterable[str]) -> tuple[int, ...]:
        """All values of a phrase; empty when it is none."""
        state = self.start
        for spoken in words:
            state = self.after(state, spoken)
        return self.values(state)


def _may_add(node: Node) -> bool:
    """Whether some way on from here is worth something."""
    return any(adds or _may_add(after) for targets in node.arcs.values() for adds, after in targets)
