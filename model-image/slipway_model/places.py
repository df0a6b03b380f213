"""Where places lie, learned from nothing but the lengths of trips between them.

Trips give distances between pairs of zones; positions are sought whose straight-line distances are as near
to them as can be (multidimensional scaling, here by gradient descent, since most pairs have no trip). With a
third dimension what lies beyond a river can be farther away than it is on a map.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

AXES = ("x", "y", "z")
STEPS = 400
SHORTEST = 0.1
"""Miles: shorter trips say nothing about where zones lie."""

Place = list[float]
Observed = list[tuple[str, str, int, float]]
UNKNOWN: Place = [math.nan] * len(AXES)


def observe(trips: Iterable[tuple[str | None, str | None, float]]) -> Observed:
    """The pairs of different places in `trips` (from, to, miles): how many trips, and their total miles."""
    pairs: dict[tuple[str, str], list[float]] = defaultdict(list)
    for start, end, distance in trips:
        if start is not None and end is not None and start != end and distance > SHORTEST:
            pairs[min(start, end), max(start, end)].append(distance)
    return [(*pair, len(miles), math.fsum(miles)) for pair, miles in sorted(pairs.items())]


def learn(observed: list[Any]) -> dict[str, Place]:
    """Positions in miles, by name, from what several hosts have observed; the same input, the same output."""
    sums: dict[tuple[str, str], tuple[int, float]] = {}
    for start, end, trips, miles in (pair for host in observed for pair in host):
        before = sums.get((start, end), (0, 0.0))
        sums[start, end] = before[0] + trips, before[1] + miles
    pairs = sorted(sums)
    index = {name: place for place, name in enumerate(sorted({name for pair in pairs for name in pair}))}
    ends = np.array([[index[start], index[end]] for start, end in pairs], dtype=np.int64).reshape(-1, 2)
    counts = np.array([sums[pair][0] for pair in pairs], dtype=np.float64)
    # Rounded, so that the split of the rows over hosts, which moves the last bit of a sum, changes nothing.
    means = np.round([sums[pair][1] / sums[pair][0] for pair in pairs], 6)
    positions = _descend(len(index), ends[:, 0], ends[:, 1], counts, means)
    return {name: [round(float(value), 4) for value in positions[place]] for name, place in index.items()}


def _descend(
    size: int, starts: NDArray[Any], ends: NDArray[Any], counts: NDArray[Any], miles: NDArray[Any]
) -> NDArray[np.float64]:
    """Adam on the pairs' relative errors, which count by their number of trips and little when far out."""
    scale = np.maximum(miles, 0.5)
    weights = counts / scale
    positions = np.random.default_rng(0).normal(size=(size, len(AXES))) * 3
    mean, square = np.zeros_like(positions), np.zeros_like(positions)
    for step in range(STEPS):
        way = positions[starts] - positions[ends]
        length = np.sqrt((way**2).sum(axis=1) + 1e-3)
        pull = (weights * np.tanh(4 * (length - miles) / scale) / length)[:, None] * way
        gradient = np.zeros_like(positions)
        np.add.at(gradient, starts, pull)
        np.add.at(gradient, ends, -pull)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.99 * square + 0.01 * gradient**2
        positions -= 0.3 * (1 - step / STEPS) * mean / (np.sqrt(square) + 1e-8)
    return positions
