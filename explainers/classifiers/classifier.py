"""A network with its labels, its preprocessing and its device."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from explainers.classifiers.activations import Activations, activations
from explainers.classifiers.admission import Output, admit, checked_labels, checked_scaling, checked_size, try_out
from explainers.classifiers.identity import identity
from explainers.classifiers.layers import GridLayer, default_layer, grid_layers
from explainers.classifiers.precision import Widened, is_half, widen
from explainers.classifiers.preparing import Preparation, Prepared, versions
from explainers.classifiers.traits import Traits, find_traits
from explainers.classifiers.two_sides import show_both_sides, shows_both_sides
from explainers.classifiers.view import Box, Fit, View
from explainers.errors import ExplanationError
from explainers.runtime.chunks import enough_memory
from explainers.runtime.copies import Copies
from explainers.runtime.turns import turns


@dataclass(frozen=True)
class Prediction:
    """What a classifier predicts for one class; `probability` is from 0 to 1."""

    index: int
    label: str
    probability: float
    logit: float


class Classifier:
    """A network (N, C, H, W) -> (N, classes), its labels, and how a photo becomes its input.

    network: any nn.Module. It is not changed: the classifier works on a frozen copy in eval mode that shares weights.
             Instead of a tensor it may give an object with the tensor as `.logits`. Half precision is run in float32.
    labels:  one unique name per class. A network of one logit may have two with "sigmoid", the first for "no" (minus
             the logit), the second for "yes".
    size:    (height, width) of the input in pixels.
    mean, std: per channel, in pixel units (0 to 1); the network's input is (picture - mean) / std.
    view:    how a photo is scaled and cropped to `size`.
    output:  what turns logits into probabilities: "softmax" (exactly one class applies) or "sigmoid" (each class for
             itself).
    device:  the device of the network; None: the GPU if there is one.
    prepare: whether methods may run a copy with BatchNorm folded into the convolutions (see `Explainer.uses_fused`).
    name:    what it is called on pages and in messages.
    source:  the name by which `load_classifier` loads it; None for a network that was handed over.
    """

    @torch.inference_mode(False)  # tensors made in that mode can't take part in a gradient later
    def __init__(
        self,
        network: nn.Module,
        labels: Iterable[object],
        *,
        size: tuple[int, int],
        mean: Sequence[float],
        std: Sequence[float],
        view: View | None = None,
        output: Output = "softmax",
        device: str | torch.device | None = None,
        prepare: bool = True,
        name: str = "",
        source: str | None = None,
    ) -> None:
        self.labels = checked_labels(labels, output)
        self.mean, self.std = checked_scaling(mean, std)
        self.size = checked_size(size)
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        if self.device.type == "cuda":
            _compute_exactly()
        self.view = view or View()
        self.output = output
        self.name = name or type(network).__name__
        self.source = source
        self._admit(network)
        self._identity: tuple[Hashable, str] | None = None
        self._preparation = Preparation() if prepare and not self.traits.alone else None

    def _admit(self, network: nn.Module) -> None:
        """Take in a network; one of half precision in float32, if it can be run so."""
        given = admit(network, self.name, self.device)
        self._widened = Widened(given) if is_half(given) else None
        if self._widened:
            try:
                self._take(self._widened.network, network)
            except ExplanationError:  # its code asks for half precision
                self._widened = None
        if not self._widened:
            self._take(given, network)

    def fitted(self, fit: Fit) -> Classifier:
        """Return this classifier, or one on the same network whose photos are fitted to the input in another way."""
        if fit == self.view.fit:
            return self
        other = copy.copy(self)  # with what has been found out of the network, which doesn't depend on the view
        other.view, other._identity = replace(self.view, fit=fit), None
        return other

    def scaled(self, mean: Sequence[float], std: Sequence[float]) -> Classifier:
        """Return one on the same network, whose input is scaled in another way than the network was trained for."""
        other = copy.copy(self)
        (other.mean, other.std), other._identity = checked_scaling(mean, std), None
        return other

    def _take(self, own: nn.Module, network: nn.Module) -> None:
        self.network, self._copies = own, Copies(own)
        self.dtype = next((p.dtype for p in own.parameters() if p.is_floating_point()), torch.float32)
        logits = try_out(own, network, self.probe(), self.name)
        show_both_sides(own, logits, len(self.labels), self.output)

    @property
    def widened(self) -> bool:
        """Whether the network's weights are in half precision, and it is run in float32."""
        return self._widened is not None

    @property
    def copies(self) -> Copies:
        """The private copies of the network, with its weights of now."""
        if self._widened:
            self._widened.follow()
        return self._copies

    @property
    def two_sided(self) -> bool:
        """Whether the network has one logit, which is that of the second class, and minus that of the first."""
        return shows_both_sides(self.network)

    @property
    def channels(self) -> int:
        """The number of channels of the input: 3 for colour, 1 for grey."""
        return len(self.mean)

    @cached_property
    def traits(self) -> Traits:
        """How the network must be run."""
        return find_traits(self.network, self.probe(2), self.name)

    @property
    def prepared(self) -> nn.Module:
        """The network made faster, or the network itself."""
        return self.preparation().network

    @property
    def altered_layers(self) -> frozenset[str]:
        """The names of the layers that put out something else in the prepared network."""
        return self.preparation().altered

    def preparation(self) -> Prepared:
        """Return the network prepared with its weights of now: they are shared, and may have been trained since."""
        return self._preparation.of(self.copies, self.probe) if self._preparation else Prepared(self.copies)

    def drop_copies(self) -> None:
        """Keep none of the private copies of the network; later calls make new ones."""
        self._copies.drop()
        if self._preparation:
            self._preparation.drop_copies()

    @property
    def identity(self) -> str:
        """A hash of architecture, weights and view, which is equal for classifiers with equal predictions."""
        weights = versions(self.copies.original)
        if self._identity is None or self._identity[0] != weights:
            facts = self.labels, self.size, self.mean, self.std, self.view, self.output
            self._identity = weights, identity(self.network, facts)
        return self._identity[1]

    def see(self, image: Image.Image | Tensor) -> tuple[Tensor, Box]:
        """Return the picture (C, H, W), in pixel units, that the classifier sees of a photo, and its box in the photo.

        A tensor must have that form already and is copied. Raises ExplanationError for one of another shape.
        """
        if isinstance(image, Tensor):
            if tuple(image.shape) != (expected := (self.channels, *self.size)):
                raise ExplanationError(f"A picture tensor must be {expected} (C, H, W), not {tuple(image.shape)}.")
            if not image.is_floating_point():
                raise ExplanationError(
                    f"A picture tensor must hold floats, 0 for black and 1 for white, not {image.dtype}."
                )
            whole = 0.0, 0.0, float(self.size[1]), float(self.size[0])
            return image.detach().to(self.device, self.dtype, copy=True), whole
        if not isinstance(image, Image.Image):
            raise ExplanationError(f"A picture must be a PIL image or a tensor, not a {type(image).__name__}.")
        if self.channels not in (1, 3):
            raise ExplanationError(
                f"{self.name} sees {self.channels} channels, and a photo has 3 (or 1 in grey). Give it a tensor "
                f"{(self.channels, *self.size)} (C, H, W) instead."
            )
        cropped, box = self.view.apply(image.convert("L" if self.channels == 1 else "RGB"), self.size)
        levels = torch.from_numpy(np.array(cropped)).view(*self.size, self.channels).permute(2, 0, 1)
        return levels.to(self.device, self.dtype) / 255, box

    def normalise(self, pictures: Tensor) -> Tensor:
        """Convert pictures (N, C, H, W) from pixel units to the input of the network."""
        mean, std = (pictures.new_tensor(values).view(1, -1, 1, 1) for values in (self.mean, self.std))
        return (pictures - mean).div_(std)

    def probabilities(self, logits: Tensor) -> Tensor:
        """Convert logits (N, classes) to probabilities (N, classes), which are never in half precision."""
        logits = widen(logits)
        return logits.softmax(1) if self.output == "softmax" else logits.sigmoid()

    @torch.no_grad()
    def predict(self, image: Image.Image | Tensor, k: int = 5) -> list[Prediction]:
        """Predict the k likeliest classes of a photo, the likeliest first."""
        picture = self.see(image)[0]
        copies = self.copies
        copy = copies.take()
        with turns(self.device), enough_memory(), self.traits.observed(copy.network, self.network, self.device):
            logits = copy.network(self.normalise(picture[None]))
        copies.give_back(copy)
        self.check(logits)
        return self.likeliest(logits[0], k)

    @torch.no_grad()
    def likeliest(self, logits: Tensor, k: int = 5) -> list[Prediction]:
        """Return the k likeliest classes of a photo with these logits (classes,), the likeliest first."""
        values, order = logits.topk(min(k, len(self.labels)))
        likely = self.probabilities(logits[None])[0, order]
        rows = zip(order.tolist(), likely.tolist(), values.tolist(), strict=True)
        return [Prediction(i, self.labels[i], probability, logit) for i, probability, logit in rows]

    def check(self, logits: Tensor) -> None:
        """Raise ExplanationError unless the logits are a tensor of one finite number per label."""
        if not isinstance(logits, Tensor):
            raise ExplanationError(f"{self.name} must give a tensor (N, classes), and gives a {type(logits).__name__}.")
        if logits.ndim < 2:
            raise ExplanationError(
                f"{self.name} must give a tensor (N, classes), and gives one of shape {tuple(logits.shape)}."
            )
        if logits.ndim != 2 or logits.shape[1] != len(self.labels):
            raise ExplanationError(
                f"{self.name} gives {tuple(logits.shape[1:])} numbers, but there are {len(self.labels)} labels."
            )
        if not logits.is_floating_point():
            raise ExplanationError(
                f"{self.name} gives numbers of type {logits.dtype}. Let it give its logits, which are floats."
            )
        if not bool(logits.isfinite().all()):
            raise ExplanationError(f"{self.name} gives numbers that are not finite for this picture.")

    def layers(self) -> tuple[GridLayer, ...]:
        """Return the layers that run once in a pass and put out a grid, in the order in which they finish."""
        return self._layers

    @property
    def layer(self) -> str | None:
        """The name of the layer that class activation maps use by default; None if no layer gives a grid."""
        chosen = default_layer(self._layers)
        return chosen.name if chosen else None

    @cached_property
    def _layers(self) -> tuple[GridLayer, ...]:
        return grid_layers(self.network, self.probe())

    @cached_property
    def activations(self) -> Activations:
        """The activation calls of one forward pass."""
        return activations(self.network, self.probe())

    def probe(self, count: int = 1) -> Tensor:
        """Return normalised pictures (count, C, H, W) for passes that examine the network.

        They are fixed: noise, and then, for what a network does on photos only, smooth ones of half the contrast.
        """
        generator = torch.Generator().manual_seed(0)
        noise = torch.rand((1, self.channels, *self.size), generator=generator, dtype=torch.float32)
        blots = torch.rand((max(count - 1, 0), self.channels, 4, 4), generator=generator, dtype=torch.float32) / 2
        pictures = torch.cat([noise, *(F.interpolate(blot[None], self.size, mode="bilinear") for blot in blots)])
        return self.normalise(pictures.to(self.device, self.dtype))


def _compute_exactly() -> None:
    """Make GPUs use full float32 and deterministic kernels, in the whole process.

    By default their convolutions round products to 10 bits (TF32) and sum in any order, so maps would differ from those
    of the CPU and from one another.
    """
    torch.backends.cudnn.fp32_precision = "ieee"
    torch.backends.cuda.matmul.fp32_precision = "ieee"
    torch.backends.cudnn.deterministic = True
