"""Folders of Hugging Face's transformers: small image classifiers with random weights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import nn

CLASSES, SIDE = 5, 64
SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "image_size": SIDE,
}
PATCHED = SMALL | {"patch_size": 16}
STAGED = {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1]}
WINDOWED = {
    "embed_dim": 16,
    "depths": [1, 1],
    "num_heads": [2, 2],
    "window_size": 4,
    "image_size": SIDE,
    "patch_size": 4,
}
PYRAMID = {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1], "num_attention_heads": [1, 2, 2, 2]}
FOLDERS: dict[str, dict[str, Any]] = {  # model_type: settings
    "vit": PATCHED,
    "deit": PATCHED,
    "beit": PATCHED,
    "data2vec-vision": PATCHED,
    "dinov2": PATCHED | {"mlp_ratio": 2},
    "dinov2_with_registers": PATCHED | {"mlp_ratio": 2},
    "ijepa": PATCHED,
    "vit_msn": PATCHED,
    "siglip": {"vision_config": PATCHED},
    "swin": WINDOWED,
    "swinv2": WINDOWED,
    "convnext": STAGED,
    "convnextv2": STAGED,
    "resnet": STAGED | {"embedding_size": 8, "layer_type": "basic"},
    "regnet": STAGED | {"embedding_size": 8, "groups_width": 4},
    "mobilenet_v1": {"depth_multiplier": 0.25},
    "mobilenet_v2": {"depth_multiplier": 0.25},
    "poolformer": {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1]},
    "segformer": PYRAMID | {"decoder_hidden_size": 16},
    "bit": STAGED | {"embedding_size": 8, "num_groups": 4},
}


def folders(place: Path) -> Iterator[tuple[str, nn.Module, Path, tuple[float, ...] | None]]:
    """Make the folders. Give the type, the network, the folder, and the mean that it says; every other says none."""
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    for number, (kind, settings) in enumerate(FOLDERS.items()):
        torch.manual_seed(number)
        config = transformers.AutoConfig.for_model(kind, num_labels=CLASSES, **settings)
        config.architectures = []  # where there are several for a type, the library looks into it
        auto: Any = transformers.AutoModelForImageClassification
        network = auto.from_config(config).eval()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(0.02 * torch.randn(parameter.shape))
        folder = place / kind
        network.save_pretrained(folder)
        mean = (0.1, 0.2, 0.3) if number % 2 else None
        if mean:
            processing = {"image_mean": mean, "image_std": mean, "size": {"height": SIDE, "width": SIDE}}
            (folder / "preprocessor_config.json").write_text(json.dumps(processing), encoding="utf-8")
        yield kind, network, folder, mean
