"""Files of kinds that aren't read, as people have them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tools.hostile_files.making import Hostile, archive, called, named, state, tensor, torch_file

RESNET = ("torchvision.models.resnet", "ResNet")


def _bytes(name: str, data: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return make


def _zip(name: str, **entries: bytes) -> Callable[[Path], Path]:
    return lambda folder: archive({key.replace("__", "/"): data for key, data in entries.items()}, folder / name)


def _object(name: str, *path: str) -> Callable[[Path], Path]:
    """A file of torch's that holds an object of a class."""
    return lambda folder: torch_file(state(w=tensor(), model=called(named(*path))), folder / name)


KINDS = (
    Hostile("an empty file", _bytes("weights.pth", b"")),
    Hostile("a whole network", _object("model.pt", *RESNET)),
    Hostile("a whole network of one's own", _object("model.pt", "__main__", "Net")),
    Hostile("fastai's export.pkl", _object("export.pkl", "fastai.learner", "Learner")),
    Hostile("YOLO", _object("yolov8n-cls.pt", "ultralytics.nn.tasks", "ClassificationModel")),
    Hostile(
        "TorchScript",
        _zip("net.pt", a__data__pkl=b"", **{"a/data.pkl": b"", "a/code/net.py": b"", "a/constants.pkl": b""}),
    ),
    Hostile("torch.export", _zip("net.pt2", **{"net/archive_format": b"pt2", "net/models/model.json": b"{}"})),
    Hostile("ONNX", _bytes("net.onnx", b"\x08\x09\x12\x07pytorch\x1a\x032.15")),
    Hostile("Keras 3", _zip("net.keras", **{"config.json": b"{}", "metadata.json": b"{}", "model.weights.h5": b""})),
    Hostile("Keras, HDF5", _bytes("net.h5", b"\x89HDF\r\n\x1a\n" + bytes(100))),
    Hostile("TensorFlow", _zip("net.zip", **{"net/saved_model.pb": b"x", "net/variables/variables.index": b"x"})),
    Hostile("TensorFlow Lite", _bytes("net.tflite", b"\x1c\0\0\0TFL3" + bytes(100))),
    Hostile("scikit-learn", _bytes("forest.joblib", b"\x80\x04" + state(x=called(named("sklearn.tree", "Tree")))[2:])),
    Hostile("a picture", _bytes("cat.pth", b"\xff\xd8\xff\xe0" + bytes(100))),
    Hostile("a web page", _bytes("weights.pth", b"<!DOCTYPE html><html><body>Sign in</body></html>")),
    Hostile("a pointer of Git LFS", _bytes("model.bin", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")),
    Hostile("labels", _bytes("labels.txt", "\n".join(["cat", "dog"]).encode())),
    Hostile(
        "a folder without weights", _zip("folder.zip", **{"config.json": json.dumps({"model_type": "vit"}).encode()})
    ),
)
