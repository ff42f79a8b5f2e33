"""Makes a network faster without changing its logits.

BatchNorm is folded into the convolution before it, and activations work in place.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from explainers.classifiers.agreement import same_logits
from explainers.classifiers.in_place import work_in_place
from explainers.classifiers.pass_record import PassRecord, record_pass
from explainers.runtime.cloning import clone
from explainers.runtime.copies import Copies
from explainers.runtime.recording import compiled


class FoldedNorm(nn.BatchNorm2d):
    """A BatchNorm that is folded into the convolution before it; what reads its attributes still finds them."""

    def forward(self, x: Tensor) -> Tensor:
        return x


SOURCES = (nn.Conv2d, nn.BatchNorm2d, FoldedNorm)  # whose gradients don't need what they put out


@dataclass(frozen=True, eq=False)
class Prepared:
    """A network that gives the same logits faster.

    copies:  the private copies of it; of the given network itself where nothing can be made faster.
    altered: the names of the layers whose outputs differ, as a folded convolution puts out what the BatchNorm did, or
             are overwritten by an activation; and of the containers that end in one.
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
    """Copy the module tree of a network (in eval mode), fused, with activations that work in place, in channels_last.

    Only the modules change, so code that names or replaces a function of the forward pass still works. A pair is fused
    where the record of a pass over the first of `pictures` (N, C, H, W) proves that nothing else reads what changes.
    A network is left as it is if it is compiled, or if values of the picture decide what runs in it. The copy is
    tried on the pictures: it is dropped where it fails (some networks reshape in a way that channels_last forbids) or
    gives other logits, and where the network's output is no tensor.
    """
    network, unprepared = copies.original, Prepared(copies, weights=fingerprint(copies.original))
    logits = clone(network)(pictures.clone())  # which it may change
    if compiled(network) or not isinstance(logits, Tensor):
        return unprepared
    record = record_pass(clone(network), pictures[:1])
    if record.reads.decides:
        return unprepared
    fused, pairs = clone(network), list(_fusible_pairs(record))
    for convolution, norm in pairs:
        merged = fuse_conv_bn_eval(_module(fused, convolution), _module(fused, norm))
        fused.set_submodule(convolution, merged.requires_grad_(False))
        _module(fused, norm).__class__ = FoldedNorm
    try:
        overwritten = work_in_place(fused, pictures[:1], SOURCES)
        fused = fused.to(memory_format=torch.channels_last)
        same = same_logits(clone(fused)(pictures.clone()), logits)
    except Exception:  # whatever a stranger's forward pass raises where a module isn't what it was
        same = False
    if not same:
        return unprepared
    altered = record.putting_out({id(record.runs[convolution][0].output) for convolution, _ in pairs})
    return Prepared(Copies(fused), altered | overwritten, unprepared.weights)


def _fusible_pairs(record: PassRecord) -> Iterator[tuple[str, str]]:
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


def _module(network: nn.Module, name: str) -> Any:
    return network.get_submodule(name)
