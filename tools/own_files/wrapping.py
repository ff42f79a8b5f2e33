"""The forms in which training programs save weights."""

from __future__ import annotations

import argparse
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

State = Mapping[str, Tensor]


def _pth(content: Any, folder: Path, suffix: str = ".pth", zipped: bool = True) -> Path:
    torch.save(content, folder / f"file{suffix}", _use_new_zipfile_serialization=zipped)
    return folder / f"file{suffix}"


def _prefixed(state: State, prefix: str) -> dict[str, Tensor]:
    return {f"{prefix}{name}": value for name, value in state.items()}


def _other(state: State) -> dict[str, Tensor]:
    """Weights that aren't the ones to take, such as those beside their moving average."""
    return {name: value + 1 if value.is_floating_point() else value for name, value in state.items()}


def plain(state: State, name: str, folder: Path) -> Path:
    """torch.save(network.state_dict())"""
    return _pth(dict(state), folder)


def legacy(state: State, name: str, folder: Path) -> Path:
    """The same in the format of releases before 1.6"""
    return _pth(dict(state), folder, ".bin", zipped=False)


def safetensors(state: State, name: str, folder: Path) -> Path:
    """safetensors"""
    save_file({key: value.contiguous() for key, value in state.items()}, folder / "file.safetensors")
    return folder / "file.safetensors"


def parallel(state: State, name: str, folder: Path) -> Path:
    """nn.DataParallel within a training program's dict"""
    content = {
        "epoch": 3,
        "model": _prefixed(state, "module."),
        "optimizer": {"state": {}, "param_groups": [{"lr": 0.1}]},
    }
    return _pth(content, folder)


def compiled(state: State, name: str, folder: Path) -> Path:
    """torch.compile within nn.DataParallel"""
    return _pth({"model_state_dict": _prefixed(state, "module._orig_mod."), "loss": torch.tensor(0.3)}, folder)


def lightning(state: State, name: str, folder: Path) -> Path:
    """A Lightning module with a loss that has weights, and a metric"""
    inside = _prefixed(state, "model.") | {"criterion.weight": torch.ones(3), "val_acc.correct": torch.tensor(5)}
    content = {"epoch": 3, "pytorch-lightning_version": "2.5.0", "state_dict": inside, "hyper_parameters": {"lr": 0.1}}
    return _pth(content, folder, ".ckpt")


def backbone(state: State, name: str, folder: Path) -> Path:
    """A network within a network: net.backbone"""
    return _pth({"net": _prefixed(state, "net.backbone.")}, folder, ".pt")


def averaged(state: State, name: str, folder: Path) -> Path:
    """Weights and their moving average"""
    return _pth({"model": _other(state), "model_ema": _prefixed(state, "module.")}, folder)


def timm_training(state: State, name: str, folder: Path) -> Path:
    """timm's training file"""
    args = argparse.Namespace(model=name, lr=0.1)
    return _pth(
        {"epoch": 3, "arch": name, "state_dict": _other(state), "state_dict_ema": dict(state), "args": args}, folder
    )


def timm_folder(state: State, name: str, folder: Path) -> Path:
    """timm's folder, zipped"""
    safetensors(state, name, folder)
    config = {"architecture": name, "pretrained_cfg": {"mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6]}}
    with zipfile.ZipFile(folder / "file.zip", "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.write(folder / "file.safetensors", "model.safetensors")
    return folder / "file.zip"


WRAPPERS: tuple[Callable[[State, str, Path], Path], ...] = (
    plain,
    legacy,
    safetensors,
    parallel,
    compiled,
    lightning,
    backbone,
    averaged,
    timm_training,
    timm_folder,
)
