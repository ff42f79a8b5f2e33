"""Records one pass of a network: what each of its modules was given and put out, and which memory was read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from explainers.runtime.memory_reads import MemoryReads, recording_reads


@dataclass(frozen=True)
class Run:
    """One run of a module: what it was given and put out, and the number of operations until its end."""

    given: Any
    output: Any
    end: int


@dataclass(frozen=True)
class PassRecord:
    """A pass of a network: the memory that it read, and the runs of each module, by name.

    plain: the modules that can be replaced, by name: no hook and no other `forward` was put on them.
    """

    plain: dict[str, nn.Module]
    reads: MemoryReads
    runs: dict[str, list[Run]]

    def once(self, name: str) -> Run | None:
        """Return the only run of a module, from a tensor to a tensor; None if it ran more often or otherwise."""
        run = self.runs[name][0] if len(self.runs[name]) == 1 else None
        return run if run and isinstance(run.given, Tensor) and isinstance(run.output, Tensor) else None

    def putting_out(self, outputs: Collection[int]) -> frozenset[str]:
        """Return the names of the modules that put out one of the values of these identities."""
        return frozenset(name for name, runs in self.runs.items() if any(id(run.output) in outputs for run in runs))


def record_pass(network: nn.Module, picture: Tensor) -> PassRecord:
    """Record a pass of a network that belongs to the caller, who gets it back with hooks."""
    plain = {name: module for name, module in network.named_modules() if _is_plain(module)}
    runs: dict[str, list[Run]] = defaultdict(list)
    picture = picture.clone()  # which it may change
    with recording_reads(picture) as reads:
        for name, module in network.named_modules():

            def note(_: nn.Module, given: Any, output: Any, name: str = name) -> None:
                runs[name].append(Run(given[0] if given else None, output, len(reads.read)))

            module.register_forward_hook(note)
        network(picture)
    return PassRecord(plain, reads, runs)


def _is_plain(module: nn.Module) -> bool:
    hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks, module._backward_pre_hooks)
    return not any(hooks) and "forward" not in vars(module)
