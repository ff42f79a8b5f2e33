"""Follows, through a forward pass, the place in the picture that each number belongs to.

A shape doesn't tell what its axes mean: 128 channels of 8 x 32 cells look as if the channels came last, and a matrix of
attention looks like a grid. So the rows and columns that the numbers of each tensor lie on are worked out beside it. An
operator that moves numbers (a transposition, a window, a concatenation) moves their places in the same way. One that
combines numbers puts the result in the middle of where they come from, unless they come from all over the picture.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.weak import WeakTensorKeyDictionary

from explainers.classifiers.places import Places, centres, compact, filtered, gathered, merged
from explainers.runtime.dispatch import DispatchMode
from explainers.runtime.recording import tensors_in

# PyTorch's operators by what they do to places, without the underscore at the end of the names of in-place ones.
VIEWS = {"view", "_unsafe_view", "_reshape_alias"}
MOVES = VIEWS | {
    "cat", "channel_shuffle", "constant_pad_nd", "diagonal", "expand", "flip", "gather", "im2col", "index",
    "index_select", "permute", "pixel_unshuffle", "reflection_pad2d", "repeat", "replication_pad2d", "roll", "select",
    "slice", "split", "split_with_sizes", "squeeze", "stack", "t", "transpose", "unbind", "unfold", "unsafe_split",
    "unsqueeze",
}  # fmt: skip
KEEPS = {
    "alias", "detach", "_to_copy", "native_layer_norm", "native_batch_norm", "cudnn_batch_norm", "native_group_norm",
    "_native_batch_norm_legit", "_native_batch_norm_legit_no_training", "_fused_rms_norm", "_softmax", "_safe_softmax",
    "_log_softmax",
    "hardswish", "_prelu_kernel", "rrelu_with_noise", "log_sigmoid_forward", "native_dropout", "masked_fill",
}  # fmt: skip
FILTERS = {
    "convolution", "deform_conv2d", "avg_pool2d", "max_pool2d_with_indices", "_adaptive_avg_pool2d",
    "adaptive_max_pool2d", "pixel_shuffle", "upsample_nearest2d", "_upsample_nearest_exact2d", "upsample_bilinear2d",
    "upsample_bicubic2d", "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa",
}  # fmt: skip
REDUCTIONS = {"mean", "sum", "amax", "amin", "max", "min", "logsumexp", "var", "var_mean", "std", "linalg_vector_norm"}
PRODUCTS = {"mm": 0, "addmm": 1, "bmm": 0, "baddbmm": 1}  # the position of the first of the two matrices
FUSED_ATTENTION = "_scaled_dot_product"  # how the names begin


class PlaceTracer(DispatchMode):
    """Follows the places of numbers in this thread, while it is entered, from a `picture` (1, C, H, W) on.

    It sees PyTorch's operators rather than its functions, so it also sees into scripted modules and autograd functions.

    factors: the sources of what was multiplied with other features, as queries, keys and values are.
    """

    def __init__(self, picture: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.factors: set[int] = set()
        self._places = WeakTensorKeyDictionary()
        self._sources = itertools.count()
        rows, columns = (centres(0.0, 1.0, size).to(picture.device) for size in picture.shape[2:])
        self._places[picture] = Places((rows.view(1, 1, -1, 1), columns.view(1, 1, 1, -1)))

    def of(self, tensor: Tensor) -> Places | None:
        """Return the places of a tensor's numbers; None if they have none."""
        places: Places | None = self._places.get(tensor)  # type: ignore[no-untyped-call]
        return places if places and places.fit(tensor.shape) else None

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        tensors = tensors_in((args, kwargs))
        given = [places for tensor in tensors if (places := self.of(tensor))]
        result = func(*args, **kwargs)
        if given:
            outputs = tensors_in(result)
            with torch.no_grad():
                self._follow(func, args, kwargs, given, outputs)
        return result

    def _follow(self, func: Any, args: Any, kwargs: Any, given: list[Places], outputs: list[Tensor]) -> None:
        name = func.overloadpacket.__name__.rstrip("_")
        if not outputs:
            return
        output, first = outputs[0], args[0]  # further outputs are statistics, or where a maximum was
        sources = {places.source for places in given}
        source = sources.pop() if len(sources) == 1 else None
        mixed = all(places.mixed for places in given)
        axes: Sequence[Tensor] = ()
        if name in MOVES:
            pairs = [self._moved(func, args, kwargs, axis, output.shape) for axis in (0, 1)]
            for moved, moved_axes in zip(outputs, zip(*pairs, strict=True), strict=True):
                self._keep(moved, moved_axes, mixed, source)
            return
        if name == "copy":
            axes = self._axes(args[1])
            if any(not torch.allclose(*pair, equal_nan=True) for pair in zip(axes, self._axes(first), strict=True)):
                self._forget(first._base)  # whose numbers lie elsewhere now, in part
        elif name in KEEPS:
            axes = self._axes(first)
        elif torch.Tag.pointwise in func.tags:
            counted = [places for places in given if places.mixed == mixed]
            axes = [merged([places.axes[axis] for places in counted]) for axis in (0, 1)]
        elif name in FILTERS:
            axes, source = [filtered(self._axes(first)[axis], axis + 2, first, output) for axis in (0, 1)], None
        elif name in REDUCTIONS and (dim := _argument(func, args, kwargs, "dim")) is not None:
            dims = [dim] if isinstance(dim, int) else list(dim) or list(range(first.ndim))
            axes = [gathered(places, dims) for places in self._axes(first)]
            axes = axes if output.ndim == first.ndim else [places.squeeze(dims) for places in axes]
        elif name in PRODUCTS:
            factors = args[PRODUCTS[name] :][:2]
            axes = self._product(*factors)
            source = self._multiplied(factors if "bmm" in name else ())
            mixed = mixed or len(given) > 1
        elif name.startswith(FUSED_ATTENTION):
            axes = [gathered(places, [-1]) for places in self._axes(first)]
            source, mixed = self._multiplied(args[:3]), True
        self._keep(output, axes, mixed, source)

    def _keep(self, tensor: Tensor, axes: Sequence[Tensor], mixed: bool, source: int | None) -> None:
        if any(not bool(places.isnan().all()) for places in axes):
            self._places[tensor] = Places((axes[0], axes[1]), mixed, source)
        else:
            self._forget(tensor)  # an operator that works in place may have taken them away

    def _forget(self, tensor: Tensor | None) -> None:
        if tensor is not None:
            self._places.pop(tensor, None)  # type: ignore[no-untyped-call]

    def _axes(self, tensor: Tensor) -> tuple[Tensor, Tensor]:
        if places := self.of(tensor):
            return places.axes
        return (torch.full([1] * tensor.ndim, math.nan, device=tensor.device),) * 2

    def _moved(self, func: Any, args: Any, kwargs: Any, axis: int, shape: torch.Size) -> list[Tensor]:
        """Return where an operator that moves numbers moves their rows or columns."""

        def shifted(leaf: Any) -> Any:  # by one, so that the zeros with which some operators pad are no places
            if isinstance(leaf, Tensor) and (leaf.is_floating_point() or leaf.is_complex()):  # others are indices
                return (self._axes(leaf)[axis] + 1).nan_to_num(0).expand(leaf.shape)
            return leaf

        name = func.overloadpacket.__name__
        if name in VIEWS:
            moved = shifted(args[0]).reshape(shape)
        elif name == "constant_pad_nd":
            moved = func(shifted(args[0]), args[1])
        else:
            moved = func(*tree_map(shifted, args), **tree_map(shifted, kwargs))
        return [torch.where(leaf == 0, math.nan, leaf - 1) for leaf in map(compact, tree_leaves(moved))]

    def _product(self, first: Tensor, second: Tensor) -> list[Tensor]:
        """Return the places of a product of matrices: those of its rows or, if rows have none, of its columns."""
        rows = [gathered(places, [-1]) for places in self._axes(first)]
        if all(bool(places.isnan().all()) for places in rows):
            return [gathered(places, [-2]) for places in self._axes(second)]
        return rows

    def _multiplied(self, factors: Sequence[Tensor]) -> int:
        """Note that features were multiplied with one another, and return the source of a product."""
        all_places = [places for factor in factors if (places := self.of(factor))]
        self.factors.update(places.source for places in all_places if places.source is not None)
        return next(self._sources)


def _argument(func: Any, args: Sequence[Any], kwargs: dict[str, Any], name: str) -> Any:
    """Return an argument of an operator by its name; None if it wasn't passed."""
    names = [argument.name for argument in func._schema.arguments]
    return dict(zip(names, args, strict=False)).get(name, kwargs.get(name))
