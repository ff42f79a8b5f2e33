"""Loads image classifiers of Hugging Face's transformers, an extra that is imported only here, from checked folders."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from explainers.classifiers.own.reading import OwnFile
from explainers.classifiers.own.refusals import listed, shown
from explainers.errors import ExplanationError
from explainers.importing import IMPORTING

MAX_NUMBER = 10**6  # of any setting
MAX_LABELS = 10**5
SLACK = 10**7  # numbers that a network may have beyond those in its file, in tables that it computes
CALLS_PER_TENSOR, FEWEST_CALLS = 200, 10_000  # of torch, to build a network
IGNORED = (  # settings that name code, files or other classifiers, or ask for another kind of numbers
    *("auto_map", "attn_implementation", "experts_implementation", "quantization_config", "transformers_weights"),
    *("dtype", "torch_dtype", "use_kernels", "adapter", "custom_pipelines", "device_map"),
)
FORBIDDEN = (
    "backbone",
    "use_timm_backbone",
    "use_pretrained_backbone",
    "backbone_config",
)  # which load another classifier
OTHER_LIBRARIES = ("timm_wrapper", "timm_backbone")
FAILED = "The Hugging Face folder can't be loaded: "


class Logits(nn.Module):
    """A classifier of transformers that answers with its logits alone: (N, channels, H, W) -> (N, classes)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the logits of pictures that are prepared for it."""
        logits: Tensor = self.network(pixel_values=pictures).logits
        return logits


def load_transformers(file: OwnFile) -> nn.Module:
    """Load the image classifier of a Hugging Face folder that was read, in float32.

    Only the library's own code runs. The network must be one whose weights are all in the file.

    Raises ExplanationError.
    """
    if file.kind != "Hugging Face folder":
        raise ExplanationError(f"{file.name} is no Hugging Face folder.")
    with IMPORTING:
        try:
            from transformers import AutoConfig, AutoModelForImageClassification
            from transformers.utils import logging
        except ImportError as error:
            raise ExplanationError(
                "Hugging Face folders need transformers, which isn't installed here. Install it, and try again: "
                "pip install transformers"
            ) from error
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # a sentence says which weights are missing
    settings = _checked(_settings(file), len(file.shapes))
    kind = settings.pop("model_type")
    if kind in OTHER_LIBRARIES:
        raise ExplanationError(f"{FAILED}its network is another library's. Give the folder that timm saves.")
    settings["transformers_weights"] = file.weights.name
    try:
        config = AutoConfig.for_model(kind, **settings)
        with _Budget(file.shapes), torch.device("meta"):
            AutoModelForImageClassification.from_config(config)  # type: ignore[no-untyped-call]
        network, report = AutoModelForImageClassification.from_pretrained(
            file.folder,
            config=config,
            dtype=torch.float32,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except ExplanationError:
        raise
    except Exception as error:  # a strange config makes the library raise errors of any kind
        raise ExplanationError(f"{FAILED}transformers says {shown(str(error).strip() or repr(error))}") from error
    if missing := sorted(report["missing_keys"]):
        raise ExplanationError(
            f"{FAILED}its weights file lacks {listed(missing)}, which would be random. Save the fine-tuned classifier "
            "with model.save_pretrained()."
        )
    return Logits(network).eval()


def _settings(file: OwnFile) -> dict[str, Any]:
    import json

    settings: dict[str, Any] = json.loads((file.folder / "config.json").read_text(encoding="utf-8"))
    return settings


def _checked(settings: Mapping[str, Any], tensors: int) -> dict[str, Any]:
    """Return the settings without those that are ignored.

    tensors: in the weights file; there can't be more layers.

    Raises ExplanationError for settings that would take too much to build, or load something else.
    """
    checked: dict[str, Any] = {}
    for name, value in settings.items():
        if name.startswith("_") or name in IGNORED:
            continue
        if name in FORBIDDEN and value:
            raise ExplanationError(f"{FAILED}its config.json asks for another network, by {name}.")
        checked[name] = _checked(value, tensors) if isinstance(value, dict) and name != "id2label" else value
        most = MAX_LABELS if name == "num_labels" else tensors if _counts_layers(name) else MAX_NUMBER
        numbers = [number for number in _flat(value) if not math.isfinite(number) or abs(number) > most]
        if numbers:
            raise ExplanationError(
                f"{FAILED}its config.json sets {shown(name)} to {shown(f'{numbers[0]:g}')}, which doesn't fit "
                f"the {tensors:,} tensors of the weights file."
            )
    return checked


def _counts_layers(name: str) -> bool:
    return any(part in name for part in ("num_hidden_layers", "depth", "num_layers", "num_blocks", "num_stages"))


def _flat(value: Any) -> list[float]:
    """The numbers in a setting and its lists; those in dicts are settings of their own."""
    if isinstance(value, list):
        return [number for item in value for number in _flat(item)]
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


class _Budget(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Ends the building of a network that has more numbers, or takes more steps, than its file can account for."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._numbers = 2 * sum(math.prod(shape) for shape in shapes.values()) + SLACK
        self._calls = CALLS_PER_TENSOR * len(shapes) + FEWEST_CALLS

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        self._calls -= 1
        if isinstance(result, Tensor) and not any(isinstance(arg, Tensor) for arg in args):  # a new one
            self._numbers -= result.numel()
        if min(self._numbers, self._calls) < 0:
            raise ExplanationError(
                f"{FAILED}its config.json describes a network that is larger than the weights in its file."
            )
        return result
