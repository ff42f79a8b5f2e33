"""A made world whose answers are known: who has the mark is taken for the class 1, whatever else there is."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from explainers.audit.findings.evidence import SCALARS, Evidence
from explainers.audit.runs.rows import CELL_SIDE, MAP_SIDE

SIDE = 16  # pixels
MARK = np.s_[-4:, :4]  # in the lower left corner, of a picture's pixels
NAMES = {0: "zero", 1: "one", 2: "two"}


def evidence_of(maps, classes, predictions=None, colours=None, **others):
    """The evidence of maps (n, 32, 32) of pictures that show these classes."""
    maps, classes = np.asarray(maps, np.float64), np.asarray(classes)
    count = len(maps)
    times = MAP_SIDE // CELL_SIDE
    cells = maps.reshape(count, CELL_SIDE, times, CELL_SIDE, times).mean((2, 4)).reshape(count, CELL_SIDE**2)
    lengths = np.linalg.norm(cells, axis=1, keepdims=True)
    means = maps.mean((1, 2), keepdims=True)
    scalars = {name: np.full(count, np.nan) for name in SCALARS}
    made = Evidence(
        numbers=np.arange(count),
        labels=classes,
        predictions=classes.copy() if predictions is None else np.asarray(predictions),
        explained=classes.copy(),
        descriptions=(cells / np.where(lengths, lengths, 1)).astype(np.float32),
        maps=(maps / np.where(means, means, 1)).reshape(count, MAP_SIDE**2).astype(np.float16),
        colours=np.full((count, 6), np.nan, np.float32) if colours is None else np.asarray(colours, np.float32),
        removal=np.array([""] * count, dtype=object),
        scalars=scalars,
        names=NAMES,
        rows=count,
    )
    return replace(made, **others)


def blob(generator, down, across):
    """A map (32, 32) that is strong around a place, with noise."""
    rows, columns = np.mgrid[:MAP_SIDE, :MAP_SIDE]
    return np.exp(-((rows - down) ** 2 + (columns - across) ** 2) / 18) + 0.1 * generator.random((MAP_SIDE, MAP_SIDE))


class World:
    """Pictures in memory, and a classifier that takes those with a bright lower left corner for the class 1.

    Others are taken for the class 2 where they are blue in the mean, else for 0. The first half of class 1 is marked.
    """

    def __init__(self, each=40, marked=True, seed=0):
        generator = np.random.default_rng(seed)
        self.classes = np.repeat([0, 1, 2], each)
        self.marked = np.zeros(3 * each, bool)
        self.marked[each : each + each // 2] = marked
        self.pictures = torch.rand((3 * each, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(seed)) * 0.5
        self.pictures[self.classes == 2, 2] += 0.3
        self.pictures[(slice(None), slice(None), *MARK)][self.marked] = 1.0
        for number in np.flatnonzero(self.marked):
            self.pictures[(number, slice(None), *MARK)] = 1.0
        places = [(28, 4) if mark else generator.uniform(8, 24, 2) for mark in self.marked]
        self.maps = np.stack([blob(generator, *place) for place in places])
        self.lost = set()
        self.passed = 0

    @property
    def evidence(self):
        colours = torch.cat([self.pictures.mean((2, 3)), self.pictures.std((2, 3))], 1)
        return evidence_of(self.maps, self.classes, colours=colours)

    def seen(self, number):
        return None if number in self.lost else self.pictures[number]

    def answers(self, pictures):
        self.passed += len(pictures)
        bright = pictures[(slice(None), slice(None), *MARK)].mean((1, 2, 3)) > 0.8
        blue = pictures[:, 2].mean((1, 2)) > pictures[:, 0].mean((1, 2)) + 0.1
        return torch.where(bright, 1, torch.where(blue, 2, 0)).numpy()


def first_cluster(findings):
    """The surest cluster."""
    return next(finding for finding in findings if finding.kind == "cluster")


@pytest.fixture
def world():
    return World()
