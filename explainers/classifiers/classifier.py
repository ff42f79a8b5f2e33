"""A network with all that is needed to ask it about a photo."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.transforms.functional import pil_to_tensor

from explainers.classifiers.activations import Activations, activations
from explainers.classifiers.layers import GridLayer, default_layer, grid_layers
from explainers.classifiers.preparing import prepare as _prepare
from explainers.classifiers.view import Box, View
from explainers.errors import ExplanationError
from explainers.runtime.chunks import enough_memory
from explainers.runtime.cloning import clone
from explainers.runtime.turns import turns


@dataclass(frozen=True)
class Prediction:
    """One class's share of an answer; `probability` from 0 to 1."""

    index: int
    label: str
    probability: float
    logit: float


class Classifier:
    """A network (N, C, H, W) -> (N, classes), its labels, and how a photo becomes its input.

    network: any nn.Module. It is not touched: the classifier works on a frozen copy in eval mode that shares weights.
    labels:  one unique name per class.
    size:    (height, width) of the input in pixels.
    mean, std: per channel, in pixel units (0 to 1); what the network sees is (picture - mean) / std.
    view:    how a photo is scaled and cropped to `size`.
    output:  what turns logits into probabilities: "softmax" (one of the classes) or "sigmoid" (each by itself).
    device:  where it runs; None: the GPU if there is one.
    prepare: whether methods that name no layer may run a copy with BatchNorm folded into the convolutions.
    """

    @torch.inference_mode(False)  # tensors made in that mode can't take part in a gradient later
    def __init__(
        self,
        network: nn.Module,
        labels: Sequence[str],
        *,
        size: tuple[int, int],
        mean: Sequence[float],
        std: Sequence[float],
        view: View | None = None,
        output: Literal["softmax", "sigmoid"] = "softmax",
        device: str | torch.device | None = None,
        prepare: bool = True,
        name: str = "",
    ) -> None:
        if len(set(labels)) < len(labels):
            raise ExplanationError("The labels of a classifier must be unique; some appear more than once.")
        if len(mean) != len(std):
            raise ExplanationError(f"mean and std must be as long as each other, not {len(mean)} and {len(std)}.")
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        if self.device.type == "cuda":
            _compute_exactly()
        self.network = clone(network).to(self.device)
        self.labels = tuple(labels)
        self.size = size
        self.mean = tuple(float(value) for value in mean)
        self.std = tuple(float(value) for value in std)
        self.view = view or View()
        self.output = output
        self.name = name or type(network).__name__
        self.dtype = next((p.dtype for p in self.network.parameters() if p.is_floating_point()), torch.float32)
        self.prepared = _prepare(self.network, self.probe(2)) if prepare else self.network

    @property
    def channels(self) -> int:
        """Channels of the input: 3 for colour, 1 for grey."""
        return len(self.mean)

    @cached_property
    def identity(self) -> str:
        """Hash of architecture, weights and view: equal for two classifiers that answer alike."""
        facts = (self.labels, self.size, self.mean, self.std, self.view, self.output)
        switches = [  # such as GoogLeNet's transform_input, which a network's text and weights don't show
            (name, key, value)
            for name, module in self.network.named_modules()
            for key, value in sorted(vars(module).items())
            if isinstance(value, (bool, int, float, str, tuple))
        ]
        digest = hashlib.sha256(f"{self.network}{switches}{facts}".encode())
        for name, tensor in self.network.state_dict().items():
            digest.update(f"{name}{tensor.dtype}{tuple(tensor.shape)}".encode())
            digest.update(tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
        return digest.hexdigest()

    def see(self, image: Image.Image | Tensor) -> tuple[Tensor, Box]:
        """A photo as the classifier sees it: (C, H, W) in pixel units, and that view's box in the photo's pixels.

        A tensor must be in that form already and passes as it is.
        """
        if isinstance(image, Tensor):
            if tuple(image.shape) != (wanted := (self.channels, *self.size)):
                raise ExplanationError(f"A picture tensor must be {wanted} (C, H, W), not {tuple(image.shape)}.")
            whole = 0.0, 0.0, float(self.size[1]), float(self.size[0])
            return image.detach().to(self.device, self.dtype, copy=True), whole
        view, box = self.view.of(image.convert("L" if self.channels == 1 else "RGB"), self.size)
        return pil_to_tensor(view).to(self.device, self.dtype) / 255, box

    def normalise(self, pictures: Tensor) -> Tensor:
        """Pixel units (N, C, H, W) -> what the network was trained on."""
        mean, std = (pictures.new_tensor(values).view(1, -1, 1, 1) for values in (self.mean, self.std))
        return (pictures - mean).div_(std)

    def probabilities(self, logits: Tensor) -> Tensor:
        """(N, classes) -> (N, classes), from 0 to 1."""
        return logits.softmax(1) if self.output == "softmax" else logits.sigmoid()

    @torch.no_grad()
    def predict(self, image: Image.Image | Tensor, k: int = 5) -> list[Prediction]:
        """The k likeliest classes, the likeliest first."""
        picture = self.see(image)[0]
        with turns(self.device), enough_memory():
            logits = clone(self.network)(self.normalise(picture[None]))
        self.check(logits)
        values, order = logits[0].topk(min(k, len(self.labels)))
        likely = self.probabilities(logits)[0, order]
        rows = zip(order.tolist(), likely.tolist(), values.tolist(), strict=True)
        return [Prediction(i, self.labels[i], probability, logit) for i, probability, logit in rows]

    def check(self, logits: Tensor) -> None:
        """Refuse an answer that is not one finite number per label."""
        if not isinstance(logits, Tensor):
            raise ExplanationError(f"{self.name} must give a tensor (N, classes), and gives a {type(logits).__name__}.")
        if logits.ndim != 2 or logits.shape[1] != len(self.labels):
            raise ExplanationError(
                f"{self.name} gives {tuple(logits.shape[1:])} numbers, but there are {len(self.labels)} labels."
            )
        if not bool(logits.isfinite().all()):
            raise ExplanationError(f"{self.name} gives numbers that are not finite for this picture.")

    def layers(self) -> tuple[GridLayer, ...]:
        """The layers that ran once and gave a grid, in the order they ended, with their sizes."""
        return self._layers

    @property
    def layer(self) -> str | None:
        """Name of the layer that class activation maps use unless told otherwise."""
        chosen = default_layer(self._layers)
        return chosen.name if chosen else None

    @cached_property
    def _layers(self) -> tuple[GridLayer, ...]:
        return grid_layers(self.network, self.probe())

    @cached_property
    def activations(self) -> Activations:
        """The activation functions that one forward pass calls."""
        return activations(self.network, self.probe())

    def probe(self, count: int = 1) -> Tensor:
        """Pictures (count, C, H, W) of fixed noise, normalised, for reading what the network does."""
        noise = torch.rand((count, self.channels, *self.size), generator=torch.Generator().manual_seed(0))
        return self.normalise(noise.to(self.device, self.dtype))


def _compute_exactly() -> None:
    """Full float32 and repeatable kernels on GPUs, for the whole process.

    PyTorch lets their convolutions round products to 10 bits (TF32) and sum in any order, so maps would differ from the
    CPU's and from one another.
    """
    torch.backends.cudnn.fp32_precision = "ieee"
    torch.backends.cuda.matmul.fp32_precision = "ieee"
    torch.backends.cudnn.deterministic = True
