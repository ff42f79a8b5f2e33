"""What a file is, by its first bytes, the names in its zip archive and the names in its pickle. Nothing is run."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Literal

from explainers.errors import ExplanationError

Kind = Literal["safetensors", "torch", "legacy torch", "pickle", "zip"]

HEAD = 4096  # bytes that are looked at
MAX_SHOWN = 80  # characters of a stranger's text in a sentence
TORCH_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the number that torch's files before release 1.6 begin with
SAVE = 'torch.save(network.state_dict(), "weights.pth")'
EXTENSIONS = (".pth", ".pt", ".bin", ".ckpt", ".tar", ".safetensors")
WANTED = f"Give a state_dict ({', '.join(EXTENSIONS[:-1])} or {EXTENSIONS[-1]}), or the zip of a timm or Hugging Face folder."

# What each kind that isn't read is, why it isn't, and the line that makes a file that is.
REFUSALS: dict[str, str] = {
    "module": (
        "This file holds a whole pickled network. It isn't loaded, because loading it runs code that is in the file. "
        f"Save the weights alone: {SAVE}"
    ),
    "pickle": (
        "This pickle holds objects that aren't weights. They aren't loaded, because loading them runs code. "
        f"Save the weights alone: {SAVE}"
    ),
    "dumped": (
        "This file was written by pickle.dump, in which tensors can't be read without running code. "
        f"Save the weights by torch instead: {SAVE}"
    ),
    "lightning": (
        "This Lightning checkpoint holds pickled objects beside its weights, such as a configuration or a loss. They "
        "aren't loaded, because loading them runs code. Save the weights alone: "
        'torch.save(torch.load("FILE.ckpt", weights_only=False)["state_dict"], "weights.pth")'
    ),
    "training": (
        "This training file holds pickled objects beside its weights. They aren't loaded, because loading them runs "
        f"code. Save the weights alone: {SAVE}"
    ),
    "fastai": (
        "This is a learner exported by fastai. It isn't loaded, because loading it runs code that is in the file. "
        'Save its weights: torch.save(learn.model.state_dict(), "weights.pth"); its labels are learn.dls.vocab.'
    ),
    "yolo": (
        "This is a YOLO file of Ultralytics, which holds a whole pickled network. It isn't loaded, because loading it "
        'runs code that is in the file. Save the weights alone: torch.save(YOLO("FILE.pt").model.state_dict(), '
        '"weights.pth")'
    ),
    "sklearn": (
        "This is a pickled scikit-learn model. It isn't loaded, because loading it runs code; and it has no gradients, "
        f"which explanations need. Give a PyTorch network's weights: {SAVE}"
    ),
    "torchscript": (
        "This is a TorchScript program. It isn't loaded, because loading it runs the file's program. "
        'Save its weights: torch.save(torch.jit.load("FILE.pt").state_dict(), "weights.pth")'
    ),
    "pt2": (
        "This is a program exported by torch.export. It isn't loaded, because loading it may run code that is in the "
        'file. Save its weights: torch.save(torch.export.load("FILE.pt2").state_dict, "weights.pth")'
    ),
    "torch package": (
        "This is a torch.package archive, which holds code. It isn't loaded, because loading it runs that code. "
        f"Save the weights alone: {SAVE}"
    ),
    "torch tar": (
        "This file was saved by PyTorch before release 0.1.10. Load it there, and save it anew: "
        'torch.save(torch.load("FILE"), "weights.pth")'
    ),
    "onnx": (
        "This is an ONNX file. It has no gradients, and its graph isn't read. Give the weights of the PyTorch network "
        f"that it was exported from: {SAVE}"
    ),
    "keras": (
        "This is a Keras file, not a PyTorch one. Keras networks can't be explained here. A network that runs on Keras "
        "3 with the PyTorch backend can be opened from Python: explainers.serve(Classifier(model, labels, ...))"
    ),
    "hdf5": (
        "This is an HDF5 file, as Keras saves (.h5), not a PyTorch one. Keras networks can't be explained here. If "
        f"there is a PyTorch version of the network: {SAVE}"
    ),
    "tensorflow": (
        "This is a TensorFlow model, not a PyTorch one. TensorFlow networks can't be explained here. A Hugging Face "
        'one can be converted: AutoModelForImageClassification.from_pretrained("FOLDER", from_tf=True)'
        '.save_pretrained("converted")'
    ),
    "tflite": (
        "This is a TensorFlow Lite model, not a PyTorch one: it has no gradients. Give the weights of the PyTorch "
        f"network: {SAVE}"
    ),
    "flax": (
        "These are Flax weights, not PyTorch ones. Convert them: "
        'AutoModelForImageClassification.from_pretrained("FOLDER", from_flax=True).save_pretrained("converted")'
    ),
    "coreml": f"This is a Core ML model. Give the weights of the PyTorch network that it was made from: {SAVE}",
    "gguf": f"This is a GGUF file, which holds quantised weights of language models. Give an image classifier: {SAVE}",
    "numpy": (
        "This file holds NumPy arrays, not PyTorch weights. Save them as tensors: "
        'torch.save({name: torch.from_numpy(array) for name, array in numpy.load("FILE").items()}, "weights.pth")'
    ),
    "picture": "This is a picture. Drop it where photos are chosen; here, a classifier's weights are expected. "
    + WANTED,
    "pdf": "This is a PDF file. " + WANTED,
    "html": "This is a web page, not a weights file: the download has brought a page instead. Download the file itself.",
    "lfs": ("This is only a pointer to the file, which Git LFS keeps elsewhere. Fetch the file itself: git lfs pull"),
    "text": "This is a text file, not weights. " + WANTED,
    "archive": "This is a compressed archive of a kind that isn't read. Unpack it, and pack the folder as a .zip file.",
    "empty": f"This file is empty: saving or downloading it was cut short. Save it again: {SAVE}",
    "unknown": f"This isn't a weights file of PyTorch, or it is damaged. {WANTED}",
    "zip without weights": "This zip archive holds no weights and no config.json that could be read. " + WANTED,
}

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


def refuse(kind: str, detail: str = "") -> ExplanationError:
    """Return the refusal of a kind of REFUSALS, with what was found besides."""
    return ExplanationError(f"{REFUSALS[kind]} {detail}".rstrip())


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
    if head[8:9] == b"{" or name.lower().endswith(".safetensors"):
        return "safetensors"
    if _is_pickle(head):
        return "pickle"
    raise refuse(_refused_kind(head, name.lower()))


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
    ends = {name.partition("/")[2]: name for name in names}
    own = {*names}
    if any("code/" in f"/{end}" and end.startswith("code/") for end in ends) and "data.pkl" in ends:
        raise refuse("torchscript")
    if (
        "archive_format" in ends
        or "serialized_exported_program.json" in own
        or any(end.startswith(("models/", "data/aotinductor/")) and end.endswith((".json", ".so")) for end in ends)
    ):
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
    found = [name for name in names if not _is_harmless(name)]
    detail = f"(It names {_listed(found)}.)" if found else ""
    packages = {name.partition(".")[0] for name in names}
    if packages & {"ultralytics", "models"} and any("yolo" in name or "ultralytics" in name for name in names):
        return refuse("yolo", detail)
    if packages & {"fastai", "fastcore", "fasttransform"}:
        return refuse("fastai", detail)
    if packages & {"sklearn", "joblib", "xgboost", "lightgbm"}:
        return refuse("sklearn", detail)
    if packages & {"keras", "tensorflow"}:
        return refuse("keras", detail)
    if lightning:
        return refuse("lightning", detail)
    if any(_is_network(name) for name in found):
        return refuse("module", detail)
    if "torch.storage._load_from_bytes" in names and len(found) == 1:
        return refuse("dumped")
    tensors = any(name.startswith("torch._utils._rebuild") for name in names)
    return refuse("training" if tensors and found else "pickle", detail)


def shown(text: object) -> str:
    """Return a stranger's text for a sentence: one short line of characters that can be seen."""
    if not isinstance(text, str):
        return f"a {type(text).__name__}"
    start = "".join(character if character.isprintable() else "�" for character in text[:MAX_SHOWN])
    return start + "…" * (len(text) > MAX_SHOWN)


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - 3
    return ", ".join(map(shown, names[:3])) + (f" and {rest} more" if rest > 0 else "")


def _is_harmless(name: str) -> bool:
    return (
        name.startswith(("torch._utils.", "collections.", "_codecs.", "numpy."))
        or name
        in (
            "torch.nn.parameter.Parameter",
            "argparse.Namespace",
            "torch.Size",
        )
        or re.fullmatch(
            r"torch(\.cuda|\.storage)?\.\w*Storage|torch\.[a-z]+\d*|builtins\.(set|frozenset|complex)", name
        )
        is not None
    )


def _is_network(name: str) -> bool:
    package = name.partition(".")[0]
    return name.startswith(("torch.nn.modules.", "torch.nn.parallel.")) or package in (
        "torchvision",
        "timm",
        "transformers",
    )


def _is_pickle(head: bytes) -> bool:
    return (head[:1] == b"\x80" and head[1:2] <= b"\x05") or re.match(rb"\(?[cldI(]\w*[\w.]*\n", head) is not None


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
