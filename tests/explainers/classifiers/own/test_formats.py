"""What a file is shows in its first bytes and its names; each kind that isn't read says what to do instead."""

import pytest

from explainers import ExplanationError
from explainers.classifiers.own.formats import kind_of, kind_of_names, kind_of_zip
from explainers.classifiers.own.refusals import MAX_SHOWN, REFUSALS, listed, megabytes, shown

LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"PK\x03\x04" + bytes(40), "a.pth", "zip"),
        (LEGACY, "a.pth", "legacy torch"),
        (b"\x80\x00\0\0\0\0\0\0{}", "a.bin", "safetensors"),
        (b"what is this?", "a.safetensors", "text"),
        (b"\xff" * 9, "a.safetensors", "safetensors"),
        (b"\x80\x04\x95" + bytes(20), "a.pth", "pickle"),
        (b"cos\nsystem\n(S'ls'\ntR.", "a.pkl", "pickle"),
        (b"cos\nsystem\n(S'ls'\ntR.", "a.txt", "text"),
        (b"", "a.pth", "empty"),
        (b"\x89HDF\r\n\x1a\n" + bytes(20), "a.h5", "hdf5"),
        (b"\x08\x07\x12\x07pytorch", "a.bin", "onnx"),
        (b"\x0a\x02", "a.onnx", "onnx"),
        (b"\x1c\0\0\0TFL3" + bytes(20), "a.bin", "tflite"),
        (b"\x0a\x02\x01\xff", "saved_model.pb", "tensorflow"),
        (b"\x81\xa6params", "flax_model.msgpack", "flax"),
        (b"\x0a\x02\x01\xff", "a.mlmodel", "coreml"),
        (b"GGUF\3", "a.bin", "gguf"),
        (b"\x93NUMPY\1\0", "a.npy", "numpy"),
        (b"\x89PNG\r\n", "a.pth", "picture"),
        (b"RIFF1234WEBPVP8 ", "a.pth", "picture"),
        (b"\0\0\0\x18ftypheic", "a.pth", "picture"),
        (b"%PDF-1.7", "a.pth", "pdf"),
        (b"\x1f\x8b\x08" + bytes(20), "a.tar.gz", "archive"),
        (bytes(257) + b"ustar", "a.tar", "archive"),
        (b"sys_info".ljust(257, b"\0") + b"ustar", "a.pt", "torch tar"),
        (b"<!DOCTYPE html><html>", "a.pth", "html"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a.pth", "lfs"),
        ("Katze, Hünd".encode()[:-2], "a.txt", "text"),
        (b"\x01\x02\x03\xfe", "a.pth", "unknown"),
    ],
)
def test_a_file_is_told_by_its_first_bytes(head, name, kind):
    if kind in REFUSALS and kind != "pickle":
        with pytest.raises(ExplanationError) as refusal:
            kind_of(head, len(head), name)
        assert str(refusal.value) == REFUSALS[kind]
    else:
        assert kind_of(head, len(head), name) == kind


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["archive/data.pkl", "archive/data/0"], "torch"),
        (["top/config.json", "top/model.safetensors"], "zip"),
        (["net/data.pkl", "net/code/__torch__.py"], "torchscript"),
        (["net/archive_format", "net/data/weights/0"], "pt2"),
        (["serialized_exported_program.json"], "pt2"),
        (["net/.data/extern_modules", "net/net.py"], "torch package"),
        (["config.json", "metadata.json", "model.weights.h5"], "keras"),
        (["top/saved_model.pb"], "tensorflow"),
        (["fc.weight.npy", "fc.bias.npy"], "numpy"),
        (["net.mlpackage/Manifest.json"], "coreml"),
    ],
)
def test_an_archive_is_told_by_its_names(names, kind):
    if kind in REFUSALS:
        with pytest.raises(ExplanationError) as refusal:
            kind_of_zip(names)
        assert str(refusal.value) == REFUSALS[kind]
    else:
        assert kind_of_zip(names) == kind


@pytest.mark.parametrize(
    ("names", "lightning", "kind"),
    [
        (["torchvision.models.resnet.ResNet", "torch.nn.modules.conv.Conv2d"], False, "module"),
        (["fastai.learner.Learner", "torch.nn.modules.conv.Conv2d"], False, "fastai"),
        (["ultralytics.nn.tasks.ClassificationModel"], False, "yolo"),
        (["models.yolo.ClassificationModel"], False, "yolo"),
        (["sklearn.ensemble._forest.RandomForestClassifier"], False, "sklearn"),
        (["keras.models.Sequential"], False, "keras"),
        (["torch._utils._rebuild_tensor_v2", "omegaconf.dictconfig.DictConfig"], True, "lightning"),
        (["torch._utils._rebuild_tensor_v2", "mine.Config"], False, "training"),
        (["mine.Config"], False, "pickle"),
        (
            ["torch._utils._rebuild_tensor_v2", "torch.storage._load_from_bytes", "collections.OrderedDict"],
            False,
            "dumped",
        ),
        (["torch._utils._rebuild_tensor_v2", "posix.system"], True, "program"),
        (["builtins.eval"], False, "program"),
    ],
)
def test_a_pickle_is_told_by_what_it_names(names, lightning, kind):
    words = str(kind_of_names(names, lightning))
    assert words.startswith(REFUSALS[kind])
    strange = next(name for name in names if name not in ("torch._utils._rebuild_tensor_v2",))
    assert (f"(It names {strange}" in words) == (kind != "dumped")


@pytest.mark.parametrize("kind", sorted(REFUSALS))
def test_every_refusal_says_what_to_do(kind):
    words = ("ave", "Give", "Load", "onvert", "Fetch", "Download", "pack", "from Python", "version of the network: ")
    assert any(word in REFUSALS[kind] for word in words)


def test_names_of_strangers_are_cut_and_cleaned():
    assert shown("a\x1b[2J\u202eb\n") == "a�[2J�b�"
    assert shown("x" * 200) == "x" * MAX_SHOWN + "…"
    assert shown(3) == "an object of the type int"
    assert listed(list("abcde")) == "a, b, c and 2 more"
    assert megabytes(10**6 + 1) == "2 MB"
