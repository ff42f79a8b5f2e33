"""Lets activations work in place where nothing else needs what they are given: that takes less memory.

Torch's own do so only if they are told to, and for a gradient some of them copy their input even then.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from explainers.classifiers.pass_record import PassRecord, Run, record_pass
from explainers.runtime.cloning import clone
from explainers.runtime.memory_reads import memory

CLAMPS = (nn.Hardtanh, nn.ReLU6)
REMEMBERING = (nn.ReLU, *CLAMPS)  # in place, they need what they put out for a gradient
COPYING = (*CLAMPS, nn.SiLU, nn.Hardswish)  # in place, they copy their input for a gradient


class ClampInPlace(nn.Hardtanh):
    """A Hardtanh or ReLU6 that works in place, also where a gradient is needed, which follows from what it puts out."""

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = _Clamp.apply(x, self.min_val, self.max_val)
        return result


class _Clamp(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, x: Tensor, low: float, high: float) -> Tensor:
        x.clamp_(low, high)
        context.mark_dirty(x)
        context.save_for_backward(x)
        context.bounds = low, high
        return x

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (result,), (gradient,) = context.saved_tensors, gradients
        return torch.ops.aten.hardtanh_backward(gradient, result, *context.bounds), None, None


class InPlaceWithoutGradient(nn.Module):
    """An activation that works in place unless a gradient is needed: for one, it would have to copy its input."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.in_place, self.aside = activation, clone(activation)
        vars(self.aside)["inplace"] = False

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = (self.aside if torch.is_grad_enabled() else self.in_place)(x)
        return result


def work_in_place(network: nn.Module, picture: Tensor, sources: Sequence[type[nn.Module]]) -> frozenset[str]:
    """Let the activations of a private network work in place wherever a pass over `picture` (1, C, H, W) allows it.

    sources: the types of modules whose gradients don't need what they put out. Where an activation alone reads that,
             and nothing changes what it puts out, it always works in place. Any other does so where no gradient is
             needed, if it was told to and nothing reads its input after it.
    Returns the names of the layers whose outputs are now overwritten.
    """
    trial, told = clone(network), set[str]()
    for name, module in trial.named_modules():
        if type(module) in COPYING and module.inplace:
            vars(module)["inplace"] = False
            told.add(name)
    record = record_pass(trial, picture)
    fresh = {
        id(run.output) for name, each in record.plain.items() if type(each) in sources for run in record.runs[name]
    }
    changed = {memory(run.given) for name in told for run in record.runs[name] if isinstance(run.given, Tensor)}
    overwritten: set[int] = set()
    for name, module in trial.named_modules():
        runs, own = record.runs[name], network.get_submodule(name)
        if not runs or name not in record.plain or not all(isinstance(run.given, Tensor) for run in runs):
            continue
        if type(module) in REMEMBERING and all(_alone(record, run, fresh, changed) for run in runs):
            vars(own)["inplace"] = True
            if type(module) in CLAMPS:
                own.__class__ = ClampInPlace
            overwritten.update(id(run.given) for run in runs)
        elif name in told and not any(record.reads.readers(run.given, run.end) for run in runs):
            network.set_submodule(name, InPlaceWithoutGradient(own))
    return record.putting_out(overwritten)


def _alone(record: PassRecord, run: Run, fresh: Collection[int], changed: Collection[int]) -> bool:
    """Return whether a run of an activation alone reads a source's output, and nothing changes its own.

    changed: the memory that activations change which don't in the recorded pass.
    """
    reads = record.reads
    given_to_it_alone = id(run.given) in fresh and reads.readers(run.given) == 1
    return given_to_it_alone and memory(run.output) not in changed and not reads.writers(run.output, run.end)
