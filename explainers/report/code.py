"""The code that computes a map again, with `explainers` bit for bit, or with Captum alone where it gives the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from explainers.classifiers.traits import Traits
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.figures import Tile
from explainers.images.photo import Photo
from explainers.methods import BY_SLUG
from explainers.question import Question

LINE_LENGTH = 100
YOUR_NETWORK = "network, labels = ...  # yours: an nn.Module in eval mode, and a name for each of its logits"


def snippet(explanation: Explanation, photo: Photo) -> str:
    """Return Python code that computes this map of this photo with `explainers`, bit for bit.

    A photo that isn't a sample is read from a file of its name in the current folder. A network that was handed over by
    a program stays to be filled in.
    """
    facts = explanation.facts
    kind, by_name = BY_SLUG[facts.slug].__name__, facts.source is not None
    names = [kind, "Target", *(["load_classifier"] if by_name else ["Classifier", "View"])]
    lines = [
        *_imports(names, photo),
        "",
        *([f"classifier = {_loading(explanation)}"] if by_name else [YOUR_NETWORK, *_classifier(explanation)]),
        _reading(photo),
        f"target = {_target(explanation)}",
        *_wrapped(f"method = {kind}", [f"{name}={value!r}" for name, value in facts.settings.items()]),
        "explanation = method(classifier, photo, target)",
        f"heat = explanation.reduced({explanation.reduction!r}).heat  # (H, W), the map that is drawn",
    ]
    return "\n".join(lines) + "\n"


def snippets(tiles: Sequence[Tile]) -> str:
    """Return the code of every tile of a comparison that has a map, one after the other, each whole by itself."""
    parts = [
        f"# {number}: {' '.join(tile.title.split())}\n\n{snippet(tile.explanation, tile.question.photo)}"
        for number, tile in enumerate(tiles, 1)
        if tile.explanation and tile.question
    ]
    return "\n\n".join(parts)


def captum_snippet(explainer: Explainer, question: Question, explanation: Explanation) -> tuple[str, bool] | None:
    """Return Python code in which Captum alone computes the values of this map, and whether they are equal.

    Where they aren't, they are the same to rounding. None where no code of Captum's gives them.
    """
    facts, photo = explanation.facts, question.photo
    is_declared = "in_captum" in vars(type(explainer))
    if not is_declared or facts.source is None or facts.traits != Traits():
        return None
    code = explainer.in_captum(question.classifier)
    if code is None:
        return None
    logits = "logits" if facts.scale == "logit" else "classifier.probabilities(logits)"
    target = explanation.target
    versus = "" if target.versus is None else f" - outputs[:, {target.versus}]"
    lines = [
        *([] if photo.sample else ["from pathlib import Path", ""]),
        "import torch",
        f"from captum.attr import {code.kind}",
        "",
        *_imports(["load_classifier"], photo)[0 if photo.sample else 2 :],
        "",
        f"classifier = {_loading(explanation)}  # the network, and how it sees a photo",
        _reading(photo),
        "pictures = classifier.see(photo)[0][None]  # (1, C, H, W), 0 for black and 1 for white",
        "",
        "",
        "class Score(torch.nn.Module):",
        f"    # {_explained(explanation)}",
        "    def __init__(self):",
        "        super().__init__()",
        "        self.network = classifier.network",
        "",
        "    def forward(self, pictures):",
        "        logits = self.network(classifier.normalise(pictures))",
        f"        outputs = {logits}",
        f"        return outputs[:, {target.index}]{versus}",
        "",
        "",
        "score = Score()",
        *code.lines,
        f"values = values[0].detach()  # (C, h, w); the map is the {explanation.reduction} over C",
    ]
    return "\n".join(lines) + "\n", code.exact


def _imports(names: Iterable[str], photo: Photo) -> list[str]:
    """Return the imports of these names of `explainers`, and of what reads the photo."""
    as_in_file = _is_as_in_file(photo)
    return [
        *([] if photo.sample else ["from pathlib import Path", ""]),
        *_wrapped("from explainers import ", sorted([*names, *["read_image"] * as_in_file]), ("", "")),
        *([] if as_in_file else ["from explainers.images.photo import Photo"]),
        *(["from explainers.images.samples import sample"] if photo.sample else []),
    ]


def _reading(photo: Photo) -> str:
    """Return the line that reads the photo."""
    data = f"sample({photo.sample!r}).data" if photo.sample else f"Path({photo.name!r}).read_bytes()"
    if _is_as_in_file(photo):
        return f"photo = read_image({data})"
    levels = f", {photo.levels!r}" if photo.levels else ""
    return f"photo = Photo.read({photo.name!r}, {data}{levels}).image"


def _is_as_in_file(photo: Photo) -> bool:
    """Whether `read_image` gives the picture of the photo's file: it may be scaled down, or have chosen levels."""
    return photo.levels is None and (photo.size is None or photo.size == getattr(photo.image, "size", None))


def _loading(explanation: Explanation) -> str:
    facts = explanation.facts
    return f"load_classifier({facts.source!r}, fit={facts.view.fit!r})"


def _classifier(explanation: Explanation) -> list[str]:
    facts, view = explanation.facts, explanation.facts.view
    return _wrapped(
        "classifier = Classifier",
        [
            *("network", "labels"),
            f"size={explanation.picture.shape[1:]}",
            f"mean={facts.mean}",
            f"std={facts.std}",
            f"view=View(resize={view.resize}, interpolation={view.interpolation!r}, fit={view.fit!r})",
            f"output={facts.output!r}",
        ],
    )


def _target(explanation: Explanation) -> str:
    target = explanation.target
    versus = "" if target.versus is None else f", versus={target.versus}"
    scale = "" if target.scale == "logit" else f", scale={target.scale!r}"
    return f"Target({target.index}{versus}{scale})  # {_explained(explanation)}"


def _explained(explanation: Explanation) -> str:
    """Name the explained class, and the one that it is compared with, as they can stand in a comment."""
    facts = explanation.facts
    rather = "" if facts.versus is None else f" rather than {facts.versus}"
    return " ".join(f"{facts.label}{rather}".split())  # labels may be a stranger's text


def _wrapped(start: str, parts: Iterable[str], brackets: tuple[str, str] = ("(", ")")) -> list[str]:
    """Return a call or an import in one line, or in one for each part where that would be too long."""
    parts = list(parts)
    line = f"{start}{brackets[0]}{', '.join(parts)}{brackets[1]}"
    return [line] if len(line) <= LINE_LENGTH else [f"{start}(", *(f"    {part}," for part in parts), ")"]
