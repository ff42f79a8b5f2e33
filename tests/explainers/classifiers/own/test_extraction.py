"""What people's weights files hold comes out as plain tensors, number by number, whatever the form of the file."""

import argparse
import json
import zipfile
from collections import OrderedDict, defaultdict
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from explainers import ExplanationError
from explainers.classifiers.own.extraction import extract

MAX_BYTES = 10**8


@pytest.fixture
def state():
    """The weights of a small network, with a BatchNorm's number of batches."""
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 5)).state_dict()


@pytest.fixture
def read(tmp_path):
    """Extracts a file: what was found, and the tensors written."""

    def extracted(path, name="", max_bytes=MAX_BYTES):
        folder = tmp_path / "kept"
        folder.mkdir()
        found = extract(path, name or path.name, folder, max_bytes)
        return found, load_file(folder / "weights.safetensors")

    return extracted


def assert_equal(tensors, state):
    assert tensors.keys() == state.keys()
    for name, tensor in tensors.items():
        assert tensor.dtype == state[name].dtype, name
        assert tensor.equal(state[name]), name


def legacy(content, path):
    torch.save(content, path, _use_new_zipfile_serialization=False)


def channels_last(content, path):
    torch.save(
        {
            name: value.to(memory_format=torch.channels_last) if value.ndim == 4 else value
            for name, value in content.items()
        },
        path,
    )


def transposed(content, path):
    torch.save(
        {name: value.t().contiguous().t() if value.ndim == 2 else value for name, value in content.items()}, path
    )


def one_storage(content, path):
    """All floats as views of one long tensor."""
    floats = {name: value for name, value in content.items() if value.is_floating_point()}
    flat, start, views = torch.cat([value.flatten() for value in floats.values()]), 0, dict(content)
    for name, value in floats.items():
        views[name] = flat[start : start + value.numel()].view(value.shape)
        start += value.numel()
    torch.save(views, path)


def parameters(content, path):
    torch.save(
        {name: nn.Parameter(value) if value.is_floating_point() else value for name, value in content.items()}, path
    )


def zipped(content, path):
    torch.save(content, path.with_name("inside.pth"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path.with_name("inside.pth"), "weights/inside.pth")
        archive.writestr("__MACOSX/weights/._inside.pth", b"x")
        archive.writestr("weights/.DS_Store", b"x")


@pytest.mark.parametrize(
    "save",
    [torch.save, legacy, channels_last, transposed, one_storage, parameters, zipped, save_file],
    ids=lambda save: save.__name__,
)
def test_all_forms_of_a_state_dict_are_read(state, read, tmp_path, save):
    path = tmp_path / "weights.pth"
    save(state, path)
    found, tensors = read(path)
    assert_equal(tensors, state)
    if save is not save_file:  # which has an order of its own
        assert found["names"] == list(state)
    assert (found["kind"], found["notes"], found["not_finite"]) == (
        "safetensors" if save is save_file else "state_dict",
        [],
        [],
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16, torch.int8, torch.bool])
def test_data_types_are_kept(read, tmp_path, dtype):
    state = {"w": torch.tensor([[0, 1], [1, 1]], dtype=dtype), "b": torch.tensor(True), "empty": torch.zeros(0, 3)}
    torch.save(state, tmp_path / "w.pth")
    assert_equal(read(tmp_path / "w.pth")[1], state)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("value", [float("nan"), float("-inf")])
def test_weights_that_are_not_finite_are_named(read, tmp_path, dtype, value):
    torch.save(
        {"good": torch.full((3,), 3e4, dtype=dtype), "bad": torch.tensor([1, value], dtype=dtype)}, tmp_path / "w"
    )
    assert read(tmp_path / "w")[0]["not_finite"] == ["bad"]


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (torch.zeros(2, dtype=torch.complex64), "w is complex"),
        (torch.zeros(2, 2).to_sparse(), "w is sparse"),
        (torch.zeros(2, device="meta"), r"w is empty \(on the device meta\)"),
        (torch.zeros(2, dtype=torch.float8_e4m3fn), "w has the data type torch.float8_e4m3fn"),
        (torch.zeros(2, dtype=torch.complex64).conj().imag, "w is a negated or conjugated view"),
    ],
)
def test_tensors_of_other_kinds_are_refused(read, tmp_path, tensor, words):
    torch.save({"w": tensor}, tmp_path / "w.pth")
    with pytest.raises(ExplanationError, match=f"^The tensor {words}"):
        read(tmp_path / "w.pth")


def test_tensors_that_take_more_than_their_file_are_refused(read, tmp_path):
    torch.save({"w": torch.zeros(1).expand(1000, 1000)}, tmp_path / "w.pth")
    with pytest.raises(
        ExplanationError, match=r"^The file's tensors take 4 MB when each is stored .* up to 1 MB are read"
    ):
        read(tmp_path / "w.pth", max_bytes=10**6)


def test_a_large_tensor_of_unusual_strides_is_read_in_parts(read, tmp_path):
    state = {"w": torch.arange(3 * 2**21).view(3, 2**21).t().contiguous().t()}
    torch.save(state, tmp_path / "w.pth")
    assert_equal(read(tmp_path / "w.pth", max_bytes=10**9)[1], state)


def test_a_training_file_of_timms_is_read(state, read, tmp_path):
    settings = argparse.Namespace(
        model="resnet18", num_classes=5, mean=[0.1, 0.2, 0.3], std=None, img_size=160, seed=np.int64(3), where=Path("x")
    )
    content = {
        "epoch": 3, "arch": "resnet18", "state_dict": state, "version": 2, "args": settings, "metric": np.float64(71.5),
        "optimizer": {"state": {0: {"step": torch.tensor(1.0)}}}, "curve": np.zeros(3), "kinds": defaultdict(list),
        "state_dict_ema": OrderedDict((name, value + 1) for name, value in state.items()),
    }  # fmt: skip
    torch.save(content, tmp_path / "best.pth.tar")
    found, tensors = read(tmp_path / "best.pth.tar")
    assert_equal(tensors, {name: value + 1 for name, value in state.items()})
    assert found["kind"] == "timm checkpoint"
    assert found["notes"] == ["The weights' moving average (EMA) was taken, which is in the entry “state_dict_ema”."]
    assert found["facts"] == {
        "library": "timm", "architecture": "resnet18", "classes": 5, "size": 160, "mean": (0.1, 0.2, 0.3)
    }  # fmt: skip


def test_a_lightning_checkpoint_is_read(state, read, tmp_path):
    content = {
        "pytorch-lightning_version": "2.5.0",
        "state_dict": {f"net.{name}": value for name, value in state.items()},
        "hyper_parameters": {"model_name": "resnet18", "n_classes": 5, "class_names": list("abcde")},
        "callbacks": {"ModelCheckpoint": {"best": PurePosixPath("a/b")}},
    }
    torch.save(content, tmp_path / "last.ckpt")
    found, tensors = read(tmp_path / "last.ckpt")
    assert_equal(tensors, state)
    assert found["kind"] == "Lightning checkpoint"
    assert found["facts"] == {"architecture": "resnet18", "classes": 5, "labels": tuple("abcde")}


class Custom:
    """What a training program may keep beside its weights."""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (nn.Linear(2, 2), r"^This file holds a whole pickled network.*\(It names torch.nn.modules.linear.Linear"),
        ({"w": torch.zeros(1), "it": Custom()}, r"^This training file holds pickled objects.*Custom.\)$"),
        (
            {"pytorch-lightning_version": "2", "hyper_parameters": {"loss": nn.MSELoss()}},
            "^This Lightning checkpoint holds",
        ),
        (torch.zeros(2), "^The file holds no state_dict, which maps names to tensors"),
        ({"w": np.zeros(2)}, "^The file holds no weights"),
        ({}, "^The file holds no weights"),
    ],
)
def test_what_isnt_weights_is_refused(read, tmp_path, content, words):
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(ExplanationError, match=words):
        read(tmp_path / "w.pth")


CONFIG = {
    "model_type": "resnet",
    "architectures": ["ResNetForImageClassification"],
    "id2label": {"0": "cat", "1": "dog"},
}
PROCESSING = {
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.25, 0.25, 0.25],
    "size": {"shortest_edge": 256},
    "crop_size": {"height": 224, "width": 224},
    "resample": 3,
}


def in_one(state, folder):
    save_file(state, folder / "model.safetensors")


def in_pickle(state, folder):
    torch.save(state, folder / "pytorch_model.bin")


def in_shards(state, folder):
    names = list(state)
    places = {name: f"model-0000{1 + (name in names[3:])}-of-00002.safetensors" for name in names}
    for file in {*places.values()}:
        save_file({name: state[name] for name in names if places[name] == file}, folder / file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("save", [in_one, in_pickle, in_shards])
def test_hugging_face_folders_are_read(state, read, tmp_path, save, packed):
    path = tmp_path / "folder"
    path.mkdir()
    save(state, path)
    (path / "config.json").write_text(json.dumps(CONFIG | {"auto_map": {"AutoModel": "evil.Evil"}}))
    (path / "preprocessor_config.json").write_text(json.dumps(PROCESSING))
    (path / "evil.py").write_text("raise SystemExit")
    if packed:
        with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for file in path.iterdir():
                archive.write(file, f"top/{file.name}")
    found, tensors = read(tmp_path / "a.zip" if packed else path)
    assert_equal(tensors, state)
    assert json.loads((tmp_path / "kept/config.json").read_text()) == CONFIG
    assert found["notes"] == ["The folder names code of its own, which is not run."]
    assert found["kind"] == "Hugging Face folder"
    assert found["facts"] == {
        "library": "transformers", "architecture": "ResNetForImageClassification", "classes": 2,
        "labels": ("cat", "dog"), "size": 224, "mean": (0.5,) * 3, "std": (0.25,) * 3,
        "interpolation": "bicubic", "crop_pct": 0.875,
    }  # fmt: skip


def test_timm_folders_are_read(state, read, tmp_path):
    config = {
        "architecture": "resnet18",
        "num_classes": 2,
        "label_names": ["cat", "dog"],
        "pretrained_cfg": {"input_size": [3, 160, 160], "mean": [0.1] * 3, "interpolation": "bicubic", "crop_pct": 0.9},
    }
    (tmp_path / "folder").mkdir()
    in_one({f"module.{name}": value for name, value in state.items()}, tmp_path / "folder")
    (tmp_path / "folder/config.json").write_text(json.dumps(config))
    found, tensors = read(tmp_path / "folder")
    assert_equal(tensors, state)
    assert found["kind"] == "timm folder"
    assert found["facts"] == {
        "library": "timm", "architecture": "resnet18", "classes": 2, "labels": ("cat", "dog"), "size": 160,
        "mean": (0.1,) * 3, "interpolation": "bicubic", "crop_pct": 0.9,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (["a.pth", "b.pth"], "^The folder has 2 weights files and no config.json. Give the one file alone"),
        (["readme.md"], "^This zip archive holds no weights and no config.json"),
    ],
)
def test_folders_that_hold_no_one_classifier_are_refused(read, tmp_path, files, words):
    (tmp_path / "folder").mkdir()
    for file in files:
        (tmp_path / "folder" / file).write_bytes(b"x")
    with pytest.raises(ExplanationError, match=words):
        read(tmp_path / "folder")
