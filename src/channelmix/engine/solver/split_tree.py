"""The split tree of a search, and the proof that it yields."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array
from channelmix.engine.proof.duality import Leaf
from channelmix.engine.proof.solution import Proof


@dataclass(frozen=True, eq=False)
class Split:
    """Where a box is split, and its parts: set together, so that an interrupt never leaves half of it."""

    cell: int
    at: float
    below: Node
    above: Node


@dataclass(eq=False)
class Node(Leaf):
    """A box of the search: a leaf until it is split."""

    focus: Array
    """Where the hulls are kept in full: near the last relaxation's spend."""
    bound: float = math.inf
    infeasible: bool = False
    stuck: bool = False
    split: Split | None = None

    def preorder(self) -> list[Node]:
        """All nodes from this one down, each before its parts, and the lower part first."""
        stack, nodes = [self], []
        while stack:
            node = stack.pop()
            nodes.append(node)
            if node.split:
                stack += [node.split.above, node.split.below]
        return nodes

    def leaves(self) -> list[Node]:
        """All leaves, in preorder."""
        return [node for node in self.preorder() if node.split is None]


def proof_of(root: Node, grids: Sequence[Array]) -> Proof:
    """The tree, the prices at its leaves and the envelopes' grids."""
    nodes, leaves = root.preorder(), root.leaves()
    return Proof(
        cell=np.array([-1 if node.split is None else node.split.cell for node in nodes], dtype=np.int64),
        threshold=np.array([0.0 if node.split is None else node.split.at for node in nodes]),
        prices=np.array([leaf.prices for leaf in leaves]).reshape(len(leaves), len(root.prices)),
        infeasible=np.array([leaf.infeasible for leaf in leaves], dtype=bool),
        grids=tuple(grids),
        draw_weights=tuple(leaf.draw_weights for leaf in leaves if leaf.draw_weights is not None),
    )
