"""The code that computes a map again, bit for bit."""

from __future__ import annotations

from collections.abc import Iterable

from explainers.explanation import Explanation
from explainers.images.photo import Photo
from explainers.methods import BY_SLUG

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
    data = f"sample({photo.sample!r}).data" if photo.sample else f"Path({photo.name!r}).read_bytes()"
    if _is_as_in_file(photo):
        names.append("read_image")
        reading = f"photo = read_image({data})"
    else:
        levels = f", {photo.levels!r}" if photo.levels else ""
        reading = f"photo = Photo.read({photo.name!r}, {data}{levels}).image"
    lines = [
        *([] if photo.sample else ["from pathlib import Path", ""]),
        *_wrapped("from explainers import ", sorted(names), ("", "")),
        *([] if _is_as_in_file(photo) else ["from explainers.images.photo import Photo"]),
        *(["from explainers.images.samples import sample"] if photo.sample else []),
        "",
        *([f"classifier = {_loading(explanation)}"] if by_name else [YOUR_NETWORK, *_classifier(explanation)]),
        reading,
        f"target = {_target(explanation)}",
        *_wrapped(f"method = {kind}", [f"{name}={value!r}" for name, value in facts.settings.items()]),
        "explanation = method(classifier, photo, target)",
        f"heat = explanation.reduced({explanation.reduction!r}).heat  # (H, W), the map that is drawn",
    ]
    return "\n".join(lines) + "\n"


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
    target, facts = explanation.target, explanation.facts
    versus = "" if target.versus is None else f", versus={target.versus}"
    scale = "" if target.scale == "logit" else f", scale={target.scale!r}"
    rather = "" if facts.versus is None else f" rather than {facts.versus}"
    return f"Target({target.index}{versus}{scale})  # {_in_one_line(facts.label)}{_in_one_line(rather)}"


def _in_one_line(label: str) -> str:
    """A label as it can stand in a comment: some come from strangers."""
    return " ".join(label.split())


def _wrapped(start: str, parts: Iterable[str], brackets: tuple[str, str] = ("(", ")")) -> list[str]:
    """Return a call or an import in one line, or in one for each part where that would be too long."""
    parts = list(parts)
    line = f"{start}{brackets[0]}{', '.join(parts)}{brackets[1]}"
    return [line] if len(line) <= LINE_LENGTH else [f"{start}(", *(f"    {part}," for part in parts), ")"]
