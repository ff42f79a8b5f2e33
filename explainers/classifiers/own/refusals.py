"""Why a file isn't read, and what to do instead, in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence

from explainers.errors import ExplanationError

MAX_SHOWN, MAX_LISTED = 80, 3  # characters of a stranger's text in a sentence, and how many such texts
SAVE = 'torch.save(network.state_dict(), "weights.pth")'
EXTENSIONS = (".pth", ".pt", ".bin", ".ckpt", ".tar", ".safetensors")
NAMED_EXTENSIONS = f"{', '.join(EXTENSIONS[:-1])} or {EXTENSIONS[-1]}"
WANTED = f"Give a state_dict ({NAMED_EXTENSIONS}), or the zip of a timm or Hugging Face folder."

REFUSALS: dict[str, str] = {
    "module": (
        "This file holds a whole pickled network. It isn't loaded, because loading it runs code that is in the file. "
        f"Save the weights alone: {SAVE}"
    ),
    "program": (
        "This file names functions that run programs or open files, which no weights need. None of it was run. If "
        "somebody gave you the file, ask for another; if it is yours, save the weights alone: "
        f"{SAVE}"
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
    "html": "This is a web page: the download has brought a page instead of the file. Download the file itself.",
    "lfs": ("This is only a pointer to the file, which Git LFS keeps elsewhere. Fetch the file itself: git lfs pull"),
    "text": "This is a text file, not weights. " + WANTED,
    "archive": "This is a compressed archive of a kind that isn't read. Unpack it, and pack the folder as a .zip file.",
    "empty": f"This file is empty: saving or downloading it was probably cut short. Save it again: {SAVE}",
    "big-endian": "The file's numbers are big-endian. Save it again on a little-endian machine.",
    "unknown": f"This isn't a weights file of PyTorch, or it is damaged. {WANTED}",
    "zip without weights": "This zip archive holds no weights and no config.json that could be read. " + WANTED,
}


def refuse(kind: str, detail: str = "") -> ExplanationError:
    """Return the refusal of a kind of REFUSALS, with what was found besides."""
    return ExplanationError(f"{REFUSALS[kind]} {detail}".rstrip())


def shown(text: object) -> str:
    """Return a stranger's text for a sentence: one short line of characters that can be seen."""
    if not isinstance(text, str):
        return f"an object of the type {type(text).__name__}"
    start = "".join(character if character.isprintable() else "�" for character in text[:MAX_SHOWN])
    return start + "…" * (len(text) > MAX_SHOWN)


def listed(texts: Sequence[str]) -> str:
    """Return the first of a stranger's texts for a sentence, and how many more there are."""
    rest = len(texts) - MAX_LISTED
    return ", ".join(map(shown, texts[:MAX_LISTED])) + (f" and {rest:,} more" if rest > 0 else "")


def megabytes(count: int) -> str:
    """Write a number of bytes in megabytes, rounded up, so that one just above a limit does not read as the limit."""
    return f"{math.ceil(count / 10**6):,} MB" if count < 10**15 else "more than 10^9 MB"
