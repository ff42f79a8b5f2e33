"""What a file is, by its first bytes, the names in its zip archive and the names in its pickle. Nothing is run."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Literal

from explainers.classifiers.own.inert import KNOWN_NAMES
from explainers.classifiers.own.refusals import listed, refuse
from explainers.errors import ExplanationError

Kind = Literal["safetensors", "torch", "legacy torch", "pickle", "zip"]

HEAD = 4096  # bytes that are looked at
TORCH_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the number that torch's files before release 1.6 begin with
PICKLE_EXTENSIONS = (".pkl", ".pickle", ".joblib", ".sav")
PROGRAMS = (  # packages that run programs, open files or load code
    *("os", "posix", "nt", "sys", "subprocess", "shutil", "pty", "runpy", "importlib", "ctypes", "socket", "timeit"),
    *("pickle", "marshal", "webbrowser", "pydoc", "code", "commands", "multiprocessing", "asyncio", "operator"),
)
BUILTINS = ("eval", "exec", "compile", "open", "getattr", "setattr", "__import__", "globals", "apply", "execfile")
LOADERS = (
    "torch.load",
    "torch.hub.",
    "torch.jit.",
    "torch.serialization.",
    "torch.package.",
    "numpy.load",
    "numpy.testing.",
)
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"GGUF", "gguf"),
    (b"\x93NUMPY", "numpy"),
    (b"%PDF-", "pdf"),
    (b"\x1f\x8b", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ\0", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"version https://git-lfs", "lfs"),
)
_PICTURE = re.compile(
    rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF....WEBP|BM....\0\0\0\0|II\*\0|MM\0\*|....ftyp(heic|heix|mif1|avif)", re.S
)


def kind_of(head: bytes, size: int, name: str) -> Kind:
    """Return what a file is.

    head: its first HEAD bytes.
    name: as its owner calls it; trusted no more than the bytes.

    Raises ExplanationError for a kind that isn't read.
    """
    if not size:
        raise refuse("empty")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return "zip"
    if head[:1] == b"\x80" and TORCH_MAGIC in head[:20]:
        return "legacy torch"
    if head[5:9] == b"\0\0\0{":  # the length of a header, of which it begins with the highest bytes
        return "safetensors"
    if _is_pickle(head, name.lower()):
        return "pickle"
    refused = _refused_kind(head, name.lower())
    if refused == "unknown" and name.lower().endswith(".safetensors"):
        return "safetensors"  # whose reader says what is wrong with it
    raise refuse(refused)


def _refused_kind(head: bytes, name: str) -> str:
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[4:8] == b"TFL3":
        return "tflite"
    if head[257:262] == b"ustar":
        return "torch tar" if head.startswith((b"sys_info", b"pickle", b"storages", b"tensors")) else "archive"
    if _PICTURE.match(head):
        return "picture"
    if name.endswith(".onnx") or _is_onnx(head):
        return "onnx"
    if name.endswith((".pb", ".pbtxt")):
        return "tensorflow"
    if name.endswith((".mlmodel", ".mlpackage")):
        return "coreml"
    if name.endswith(".msgpack"):
        return "flax"
    if _is_text(head):
        return "html" if re.match(rb"\s*<(!doctype|html|\?xml)", head, re.IGNORECASE) else "text"
    return "unknown"


def kind_of_zip(names: Collection[str]) -> Kind:
    """Return what a zip archive with these names is: a file of torch's, or a folder.

    Raises ExplanationError for a kind that isn't read.
    """
    ends = {name.partition("/")[2] for name in names}
    own = {*names}
    if "data.pkl" in ends and any(end.startswith("code/") for end in ends):
        raise refuse("torchscript")
    if "archive_format" in ends or "serialized_exported_program.json" in own:
        raise refuse("pt2")
    if "extern_modules" in {end.removeprefix(".data/") for end in ends}:
        raise refuse("torch package")
    if "data.pkl" in ends:
        return "torch"
    if "model.weights.h5" in own or ({"metadata.json", "config.json"} <= own and "model.weights.npz" in own):
        raise refuse("keras")
    if any(name.rpartition("/")[2] in ("saved_model.pb", "saved_model.pbtxt") for name in own):
        raise refuse("tensorflow")
    if own and all(name.endswith(".npy") for name in own):
        raise refuse("numpy")
    if any(name.startswith("Data/com.apple.CoreML") or ".mlpackage/" in name for name in own):
        raise refuse("coreml")
    return "zip"


def kind_of_names(names: Sequence[str], lightning: bool) -> ExplanationError:
    """Return the refusal of a pickle that names these functions and classes, in order.

    lightning: whether it says that Lightning wrote it.
    """
    strange = [name for name in names if name not in KNOWN_NAMES]
    detail = f"(It names {listed(strange)}.)" if strange else ""
    packages = {name.partition(".")[0] for name in strange}
    if "ultralytics" in packages or any(name.startswith("models.yolo.") for name in strange):
        kind = "yolo"
    elif packages & {"fastai", "fastcore", "fasttransform"}:
        kind = "fastai"
    elif packages & {"sklearn", "joblib", "xgboost", "lightgbm"}:
        kind = "sklearn"
    elif packages & {"keras", "tensorflow"}:
        kind = "keras"
    elif strange == ["torch.storage._load_from_bytes"]:
        kind, detail = "dumped", ""
    elif any(map(_is_program, strange)):
        kind = "program"
    elif lightning:
        kind = "lightning"
    elif any(map(_is_network, strange)):
        kind = "module"
    elif strange and any(name.startswith("torch._utils._rebuild") for name in names):
        kind = "training"
    else:
        kind = "pickle"
    return refuse(kind, detail)


def _is_program(name: str) -> bool:
    """Whether no weights need this, and programs do."""
    package, _, rest = name.partition(".")
    return package in PROGRAMS or (package == "builtins" and rest in BUILTINS) or name.startswith(LOADERS)


def _is_network(name: str) -> bool:
    package = name.partition(".")[0]
    return name.startswith(("torch.nn.modules.", "torch.nn.parallel.")) or package in (
        "torchvision",
        "timm",
        "transformers",
    )


def _is_pickle(head: bytes, name: str) -> bool:
    """Whether a file begins as pickles do: those of the oldest protocols look like text, so that their names count."""
    return (head[:1] == b"\x80" and head[1:2] <= b"\x05") or (
        head[:1] in b"(cdl]}" and name.endswith(PICKLE_EXTENSIONS)
    )


def _is_onnx(head: bytes) -> bool:
    """Whether a file begins as ONNX's: its version, and then the program that wrote it, a short text."""
    return (
        head[:1] == b"\x08" and head[1:2] < b"\x20" and head[2:3] == b"\x12" and head[4 : 4 + min(head[3], 8)].isalpha()
    )


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # else a character was cut in two
            return False
        text = head[: error.start].decode("utf-8")
    return all(character.isprintable() or character in "\r\n\t" for character in text)
