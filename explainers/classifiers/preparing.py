"""Makes a network faster without changing its logits: BatchNorm is folded into the convolution before it."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from explainers.classifiers.agreement import same_logits
from explainers.runtime.cloning import clone
from explainers.runtime.copies import Copies
from explainers.runtime.memory_reads import MemoryReads, recording_reads
from explainers.runtime.recording import compiled

# In place, these copy their input for the backward pass.
INPUT_COPYING_ACTIVATIONS = (nn.Hardtanh, nn.ReLU6, nn.SiLU, nn.Hardswish)


class FoldedNorm(nn.BatchNorm2d):
    """A BatchNorm that is folded into the convolution before it; what reads its attributes still finds them."""

    def forward(self, x: Tensor) -> Tensor:
        return x


class InPlaceWithoutGradient(nn.Module):
    """An activation that works in place unless a gradient is needed: for one, it would have to copy its input."""

    def __init__(self, activation: nn.Hardtanh | nn.SiLU | nn.Hardswish) -> None:
        super().__init__()
        self.in_place, self.aside = activation, clone(activation)
        vars(self.aside)["inplace"] = False

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = (self.aside if torch.is_grad_enabled() else self.in_place)(x)
        return result


@dataclass(frozen=True, eq=False)
class Prepared:
    """A network that gives the same logits faster.

    copies:  the private copies of it; of the given network itself where nothing can be made faster.
    altered: the names of the layers whose outputs differ: a folded convolution puts out what the BatchNorm did, and so
             does a container that ends in one.
    weights: the fingerprint of the weights that it was made from.
    """

    copies: Copies
    altered: frozenset[str] = frozenset()
    weights: Hashable = None

    @property
    def network(self) -> nn.Module:
        return self.copies.original


class Preparation:
    """The prepared form of a network: made when it is first asked for, and anew when its weights have changed since.

    Classifiers on the same network share it. Threads that ask at the same time wait for one of them. A copy of it, or
    of a classifier that has it, begins with none.
    """

    def __init__(self) -> None:
        self._latest: Prepared | None = None
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[Preparation], tuple[()]]:
        return Preparation, ()  # a lock can't be copied

    def of(self, copies: Copies, probe: Callable[[int], Tensor]) -> Prepared:
        """Return the prepared form of the network with its weights of now.

        probe: returns so many pictures (n, C, H, W), on which that form is tried.
        """
        if latest := self._valid(copies):
            return latest
        with self._lock:
            self._latest = self._valid(copies) or prepared(copies, probe(2))
            return self._latest

    def drop_copies(self) -> None:
        """Keep no copies of the prepared form."""
        if self._latest:
            self._latest.copies.drop()

    def _valid(self, copies: Copies) -> Prepared | None:
        latest = self._latest
        return latest if latest and latest.weights == fingerprint(copies.original) else None


def versions(network: nn.Module) -> tuple[int | None, ...]:
    """Return how often the weights and buffers of a network were written, except through their `.data`."""
    return tuple(None if tensor.is_inference() else tensor._version for tensor in weights_and_buffers(network))


def fingerprint(network: nn.Module) -> Hashable:
    """Return a value that changes with the weights and buffers of a network: their versions and their sums."""
    tensors = [tensor.detach() for tensor in weights_and_buffers(network) if tensor.is_floating_point()]
    sums = [tensor.sum(dtype=torch.promote_types(tensor.dtype, torch.float32)).double() for tensor in tensors]
    return versions(network), tuple(torch.stack(sums).tolist()) if sums else ()


def weights_and_buffers(network: nn.Module) -> list[Tensor]:
    """Return the weights and buffers of a network, faster than it does."""
    tables = (table for module in network.modules() for table in (module._parameters, module._buffers))
    return [tensor for table in tables for tensor in table.values() if tensor is not None]


@torch.inference_mode(False)  # whose tensors couldn't take part in the gradient of a later call
@torch.no_grad()
def prepared(copies: Copies, pictures: Tensor) -> Prepared:
    """Copy the module tree of a network (in eval mode) with convolutions and BatchNorms fused, in channels_last.

    Only the modules change, so code that names or replaces a function of the forward pass still works. A pair is fused
    where the record of a pass over the first of `pictures` (N, C, H, W) proves that nothing else reads what changes.
    A network is left as it is if it is compiled, or if values of the picture decide what runs in it. The copy is
    tried on the pictures: it is dropped where it fails (some networks reshape in a way that channels_last forbids) or
    gives other logits, and where the network's output is no tensor.
    """
    network, unprepared = copies.original, Prepared(copies, weights=fingerprint(copies.original))
    logits = clone(network)(pictures)
    if compiled(network) or not isinstance(logits, Tensor):
        return unprepared
    record = _record(clone(network), pictures[:1])
    if record.reads.decides:
        return unprepared
    fused, pairs = clone(network), list(_fusible_pairs(record))
    for convolution, norm in pairs:
        merged = fuse_conv_bn_eval(_module(fused, convolution), _module(fused, norm))
        _replace(fused, convolution, merged.requires_grad_(False))
        _module(fused, norm).__class__ = FoldedNorm
    try:
        for name in _replaceable_activations(fused, pictures[:1]):
            _replace(fused, name, InPlaceWithoutGradient(_module(fused, name)))
        fused = fused.to(memory_format=torch.channels_last)
        same = same_logits(clone(fused)(pictures), logits)
    except Exception:  # whatever a stranger's forward pass raises where a module isn't what it was
        same = False
    altered = _altered(record, [convolution for convolution, _ in pairs])
    return Prepared(Copies(fused), altered, unprepared.weights) if same else unprepared


@dataclass(frozen=True)
class _Run:
    """One run of a module: what it was given and put out, and the number of operations until its end."""

    given: Any
    output: Any
    end: int


@dataclass(frozen=True)
class _Record:
    """A pass of a network: the memory that it read, and the runs of each module, by name.

    plain: the modules that can be replaced, by name: no hook and no other `forward` was put on them.
    """

    plain: dict[str, nn.Module]
    reads: MemoryReads
    runs: dict[str, list[_Run]]

    def once(self, name: str) -> _Run | None:
        """Return the only run of a module, from a tensor to a tensor; None if it ran more often or otherwise."""
        run = self.runs[name][0] if len(self.runs[name]) == 1 else None
        return run if run and isinstance(run.given, Tensor) and isinstance(run.output, Tensor) else None


def _record(network: nn.Module, picture: Tensor) -> _Record:
    """Record a pass of a network that belongs to the caller, who gets it back with hooks."""
    plain = {name: module for name, module in network.named_modules() if _is_plain(module)}
    runs: dict[str, list[_Run]] = defaultdict(list)
    with recording_reads(picture) as reads:
        for name, module in network.named_modules():

            def note(_: nn.Module, given: Any, output: Any, name: str = name) -> None:
                runs[name].append(_Run(given[0] if given else None, output, len(reads.read)))

            module.register_forward_hook(note)
        network(picture)
    return _Record(plain, reads, runs)


def _is_plain(module: nn.Module) -> bool:
    hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks, module._backward_pre_hooks)
    return not any(hooks) and "forward" not in vars(module)


def _fusible_pairs(record: _Record) -> Iterator[tuple[str, str]]:
    """Yield the names of (convolution, BatchNorm) that can be fused.

    Both run once, nothing but the BatchNorm reads the convolution's output, and nothing else reads their weights.
    """
    convolutions = {
        id(run.output): name
        for name, module in record.plain.items()
        if type(module) is nn.Conv2d and (run := record.once(name))
    }
    for name, norm in record.plain.items():
        if type(norm) is not nn.BatchNorm2d or norm.training or norm.running_mean is None:
            continue
        if (run := record.once(name)) and (convolution := convolutions.get(id(run.given))):
            weights = [*record.plain[convolution].parameters(), *norm.parameters(), *norm.buffers()]
            changed = [run.given, *(tensor for tensor in weights if tensor.is_floating_point())]
            if all(record.reads.readers(tensor) == 1 for tensor in changed):
                yield convolution, name


def _replaceable_activations(network: nn.Module, picture: Tensor) -> list[str]:
    """Return the names of the activations that needn't work in place, because nothing reads their input after them."""
    trial = clone(network)
    activations = {
        name: module
        for name, module in trial.named_modules()
        if type(module) in INPUT_COPYING_ACTIVATIONS and module.inplace
    }
    for module in activations.values():
        module.inplace = False
    record = _record(trial, picture)
    return [
        name
        for name in activations
        if name in record.plain
        and all(isinstance(run.given, Tensor) for run in record.runs[name])
        and not any(record.reads.readers(run.given, run.end) for run in record.runs[name])
    ]


def _altered(record: _Record, convolutions: Iterable[str]) -> frozenset[str]:
    outputs = {id(record.runs[name][0].output) for name in convolutions}
    return frozenset(name for name, runs in record.runs.items() if any(id(run.output) in outputs for run in runs))


def _module(network: nn.Module, name: str) -> Any:
    return network.get_submodule(name)


def _replace(network: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(network.get_submodule(parent), last, module)
