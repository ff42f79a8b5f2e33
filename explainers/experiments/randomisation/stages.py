"""A network's parameters in stages, from the output down to the input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from torch import Tensor, nn

from explainers.runtime.cloning import clone
from explainers.runtime.recording import record

Path = tuple[str, ...]  # of a module in its network
SLACK = 1.5  # times an even share of the modules: a block of more is split into those that it is made of


@dataclass(frozen=True)
class Stage:
    """Part of a network.

    name:       of the block in it that is nearest to the input.
    parameters: their names, the last used first.
    """

    name: str
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class _Block:
    """Modules that are drawn together, and the path that theirs have in common."""

    path: Path
    modules: tuple[Path, ...]


def stages(network: nn.Module, picture: Tensor, count: int) -> list[Stage]:
    """All parameters of a network in at most `count` stages: the layer nearest to the output, then blocks of layers.

    The order is that in which a pass over `picture` (1, C, H, W) uses them last, backwards: modules may have any names
    and run several times, and parameters may be shared or belong to the network itself. Blocks are those of the module
    tree, as large as leaves the stages alike. Parameters that the pass doesn't use belong to the last stage; where the
    use of none can be seen, because all is compiled, the order is that of their declaration, backwards.
    """
    used, unused = _from_the_output(network, picture)
    if not used:
        used, unused = unused, []
    modules: dict[Path, list[str]] = {}
    for name in used:
        modules.setdefault(tuple(name.split(".")[:-1]) or (name,), []).append(name)
    paths = list(modules)
    top, below = [_Block(path, (path,)) for path in paths[:1]], paths[1:]
    if count == 1 or not below:
        groups = [[*top, *_blocks(below, 0, len(below))]] if paths else []
    else:
        blocks = list(_blocks(below, 0, SLACK * len(below) / (count - 1)))
        groups = [top, *_evenly(blocks, min(count - 1, len(blocks)))]
    names = [[name for block in group for path in block.modules for name in modules[path]] for group in groups]
    return [
        Stage(".".join(group[-1].path), (*its, *(unused if group is groups[-1] else ())))
        for group, its in zip(groups, names, strict=True)
    ]


def _from_the_output(network: nn.Module, picture: Tensor) -> tuple[list[str], list[str]]:
    """The names of the parameters that a pass uses, the last used first, and of the others, the last declared first."""
    private = clone(network)
    names = {id(parameter): name for name, parameter in private.named_parameters()}
    calls = record(private, picture)
    calls = [call for call in calls if any(True for _ in _tensors(call.result))]  # without looks at a shape
    met = [id(given) for call in calls for given in _tensors((call.args, call.kwargs))]
    used = [names.pop(given) for given in reversed(met) if given in names]
    return used, list(reversed(names.values()))


def _tensors(given: Any) -> Iterator[Tensor]:
    """The tensors among the arguments or results of a call."""
    if isinstance(given, Tensor):
        yield given
    elif isinstance(given, Mapping):
        yield from _tensors(tuple(given.values()))
    elif isinstance(given, (list, tuple)):
        for each in given:
            yield from _tensors(each)


def _blocks(modules: Sequence[Path], depth: int, most: float) -> Iterator[_Block]:
    """Modules gathered by the block that they lie in, each block with `most` modules at most if it can be split."""
    inside: dict[Path, list[Path]] = {}
    for path in modules:
        inside.setdefault(path[: depth + 1], []).append(path)
    for path, its in inside.items():
        if len(its) > max(most, 1):
            yield from _blocks(its, depth + 1, most)
        else:
            yield _Block(path, tuple(its))


def _evenly(blocks: Sequence[_Block], count: int) -> list[list[_Block]]:
    """A row of blocks cut into `count` runs with as equal numbers of modules as can be (least sum of squares)."""
    sizes = [len(block.modules) for block in blocks]

    @cache
    def best(start: int, runs: int) -> tuple[int, tuple[int, ...]]:
        if runs == 1:
            return sum(sizes[start:]) ** 2, (len(sizes),)
        found = []
        for cut in range(start + 1, len(sizes) - runs + 2):
            rest, cuts = best(cut, runs - 1)
            found.append((sum(sizes[start:cut]) ** 2 + rest, (cut, *cuts)))
        return min(found)

    return [list(blocks[start:cut]) for start, cut in pairwise((0, *best(0, count)[1]))]
