"""A network's parameters in stages, from the output down to the input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from torch import Tensor, nn

from explainers.runtime.cloning import clone
from explainers.runtime.recording import record, tensors_in

Path = tuple[str, ...]  # of a module: the parts of its name in the network
MAX_BLOCK_SHARE = 1.5  # of the mean number of modules per stage: a larger block is split into the blocks inside it


@dataclass(frozen=True)
class Stage:
    """A part of a network whose weights are randomised together.

    name:       the name of the block in it that is nearest to the input.
    parameters: the names of its parameters, the last used first.
    """

    name: str
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class _Block:
    """Modules that belong to the same stage, and the path that all their paths begin with."""

    path: Path
    modules: tuple[Path, ...]


def stages(network: nn.Module, picture: Tensor, count: int) -> list[Stage]:
    """Split all parameters of a network into at most `count` stages: the output layer first, then blocks of layers.

    Parameters are ordered by their last use in a pass over `picture` (1, C, H, W), latest first: modules may have any
    names and run several times, and parameters may be shared or belong to the network itself. Blocks follow the module
    tree and are as large as they can be while stages stay about equal. Parameters that the pass doesn't use belong to
    the last stage. If the network is compiled and no use can be recorded, the order is the reverse of the declaration.
    """
    used, unused = _from_the_output(network, picture)
    if not used:
        used, unused = unused, []
    modules: dict[Path, list[str]] = {}
    for name in used:
        modules.setdefault(tuple(name.split(".")[:-1]) or (name,), []).append(name)
    paths = list(modules)
    output_block, other_paths = [_Block(path, (path,)) for path in paths[:1]], paths[1:]
    if count == 1 or not other_paths:
        groups = [[*output_block, *_blocks(other_paths, 0, len(other_paths))]] if paths else []
    else:
        blocks = list(_blocks(other_paths, 0, MAX_BLOCK_SHARE * len(other_paths) / (count - 1)))
        groups = [output_block, *_evenly(blocks, min(count - 1, len(blocks)))]
    used_names = [[name for block in group for path in block.modules for name in modules[path]] for group in groups]
    return [
        Stage(".".join(group[-1].path), (*parameters, *(unused if group is groups[-1] else ())))
        for group, parameters in zip(groups, used_names, strict=True)
    ]


def _from_the_output(network: nn.Module, picture: Tensor) -> tuple[list[str], list[str]]:
    """Return the names of the parameters that a pass uses, last used first, and of the rest, last declared first."""
    private = clone(network)
    names = {id(parameter): name for name, parameter in private.named_parameters()}
    calls = record(private, picture)
    calls = [call for call in calls if tensors_in(call.result)]  # not if only a shape is read
    tensor_ids = [id(tensor) for call in calls for tensor in tensors_in((call.args, call.kwargs))]
    used = [names.pop(tensor_id) for tensor_id in reversed(tensor_ids) if tensor_id in names]
    return used, list(reversed(names.values()))


def _blocks(modules: Sequence[Path], depth: int, limit: float) -> Iterator[_Block]:
    """Group modules by the block that they lie in; a block of more than `limit` modules is split if possible."""
    members_by_path: dict[Path, list[Path]] = {}
    for path in modules:
        members_by_path.setdefault(path[: depth + 1], []).append(path)
    for path, members in members_by_path.items():
        if len(members) > max(limit, 1):
            yield from _blocks(members, depth + 1, limit)
        else:
            yield _Block(path, tuple(members))


def _evenly(blocks: Sequence[_Block], count: int) -> list[list[_Block]]:
    """Cut a row of blocks into `count` runs with numbers of modules as equal as possible (least sum of squares)."""
    sizes = [len(block.modules) for block in blocks]

    @cache
    def best(start: int, runs: int) -> tuple[int, tuple[int, ...]]:
        """Return the least sum of squares for the blocks from `start` on in so many runs, and where the runs end."""
        if runs == 1:
            return sum(sizes[start:]) ** 2, (len(sizes),)
        options = []
        for cut in range(start + 1, len(sizes) - runs + 2):
            rest, cuts = best(cut, runs - 1)
            options.append((sum(sizes[start:cut]) ** 2 + rest, (cut, *cuts)))
        return min(options)

    return [list(blocks[start:cut]) for start, cut in pairwise((0, *best(0, count)[1]))]
