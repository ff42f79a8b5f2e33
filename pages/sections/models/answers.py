"""Widgets that ask what a file doesn't say of its classifier; each has the likeliest answer, and says its origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explainers import ExplanationError
from explainers.classifiers.admission import Output
from explainers.classifiers.own.answers import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    INTERPOLATIONS,
    MAX_SIDE,
    Answers,
    Origin,
    Suggestion,
)
from explainers.classifiers.own.candidate import Candidate
from explainers.classifiers.own.labels import MAX_CHARACTERS, read_labels
from explainers.markdown import escaped
from pages.sections.models.upload import Upload
from pages.shared.question import FITS

FROM: Mapping[Origin, str] = {
    "the file": "from the file",
    "the architecture's usual": "usual",
    "a guess": "a guess",
}
OUTPUTS: Mapping[Output, str] = {"softmax": "exactly one (softmax)", "sigmoid": "any number (sigmoid)"}
Scaling = tuple[tuple[float, ...], tuple[float, ...]]
SCALINGS: Mapping[str, Scaling] = {
    "ImageNet's": (IMAGENET_MEAN, IMAGENET_STD),
    "-1 to 1": ((0.5,) * 3, (0.5,) * 3),
    "CLIP's": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
    "0 to 1": ((0.0,) * 3, (1.0,) * 3),
}
OTHER = "other"
MAX_LABELS_FILE = 1  # megabyte
ORIGIN_HINT = "In brackets: whether the first value is from the file, usual for this architecture, or a guess."


@dataclass(frozen=True)
class Asker:
    """Makes the labels and keys of the widgets of one file.

    start: what their keys begin with.
    """

    start: str
    origins: Mapping[str, Origin]

    def key(self, name: str) -> str:
        return f"{self.start}-{name}"

    def label(self, text: str, name: str) -> str:
        """Write the label of the widget for a field of Answers, with where its first value is from."""
        return f"{text} :gray[({FROM[self.origins[name]]})]"


def ask_candidate(upload: Upload) -> Candidate | None:
    """Say what the file was recognised as, and ask which it is where several can't be told apart."""
    if upload.recognition is None:
        assert upload.file
        st.markdown(f"Recognised: a {escaped(upload.file.kind)}, {escaped(upload.file.facts.architecture or '')}.")
        return None
    st.markdown(f"Recognised: {escaped(upload.recognition.sentence)}")
    candidates = upload.recognition.candidates
    if len(candidates) == 1:
        return candidates[0]
    number: int = st.selectbox(
        "Which of them is it?",
        range(len(candidates)),
        format_func=lambda number: _option(candidates[number]),
        key=f"model-{upload.number}-candidate",
        help="Their files look the same. The preview shows which of them knows the picture.",
    )
    return candidates[number]


def _option(candidate: Candidate) -> str:
    return ": ".join(filter(None, (candidate.architecture.title, candidate.difference)))


def ask_answers(upload: Upload, candidate: Candidate | None, suggestion: Suggestion) -> Answers:
    """Ask for all that the classifier needs beside its network. Raises ExplanationError for answers that can't be."""
    usual = suggestion.answers
    network = candidate.architecture.name if candidate else "folder"
    asker = Asker(f"model-{upload.number}-{network}", suggestion.origins)
    is_one_logit = (candidate.classes if candidate else len(usual.labels)) == 1
    output = usual.output if is_one_logit else _ask_output(asker, usual)
    labels = _ask_no_and_yes(asker, usual) if is_one_logit else _ask_labels(asker, usual)
    with st.container(horizontal=True, key="own-preprocessing"):
        size: int = st.number_input(
            asker.label("Input, px", "size"), 1, MAX_SIDE, usual.size, key=asker.key("size"), help=ORIGIN_HINT
        )
        resize: int = st.number_input(
            asker.label("Resize to, px", "resize"),
            1,
            4 * MAX_SIDE,
            usual.resize or usual.size,
            key=asker.key("resize"),
            help="Length of the photo's short side before it is cropped.",
        )
        interpolation: Any = st.selectbox(
            asker.label("Interpolation", "interpolation"),
            INTERPOLATIONS,
            INTERPOLATIONS.index(usual.interpolation),
            key=asker.key("interpolation"),
        )
        fit: Any = st.segmented_control(
            asker.label("Crop", "fit"),
            FITS,
            format_func=FITS.__getitem__,
            default=usual.fit,
            required=True,
            key=asker.key("fit"),
        )
    mean, std = _ask_scaling(asker, usual)
    resized = None if resize == size or fit == "pad" else resize
    return Answers(labels, size, mean, std, resized, interpolation, fit or usual.fit, output)


def _ask_output(asker: Asker, usual: Answers) -> Output:
    output = st.segmented_control(
        asker.label("Classes that apply to a picture", "output"),
        OUTPUTS,
        format_func=OUTPUTS.__getitem__,
        default=usual.output,
        required=True,
        key=asker.key("output"),
        help="With softmax the probabilities add up to 100%. With sigmoid a picture may have several classes, or none.",
    )
    return output or usual.output


def _ask_no_and_yes(asker: Asker, usual: Answers) -> tuple[str, ...]:
    """Ask what the two answers of a network of one logit are called."""
    st.caption("The network gives one number: above zero it says yes, below zero no. Both can be explained.")
    no, yes = usual.labels if len(usual.labels) == 2 else (f"not {usual.labels[0]}", usual.labels[0])
    with st.container(horizontal=True, key="own-answers"):
        said_yes = st.text_input(asker.label("Yes means", "labels"), yes, key=asker.key("yes"), max_chars=60)
        said_no = st.text_input(asker.label("No means", "labels"), no, key=asker.key("no"), max_chars=60)
    if said_yes and said_yes.strip() and said_no == no and said_yes != yes:
        said_no = f"not {said_yes.strip()}"
    return read_labels('["", ""]' if not (said_no and said_yes) else f"{said_no}\n{said_yes}", 2)


def _ask_labels(asker: Asker, usual: Answers) -> tuple[str, ...]:
    """Ask for the names of the classes, which may also come as a file."""
    classes = len(usual.labels)
    with st.container(horizontal=True, vertical_alignment="bottom", key="own-labels-line"):
        text = st.text_area(
            asker.label(f"Names of the {classes:,} classes, one a line", "labels"),
            "\n".join(usual.labels),
            height=130,
            key=asker.key("labels"),
            max_chars=MAX_CHARACTERS,
            help="In the order of the network's outputs. Numbered lines, JSON and tables with commas are read, too.",
        )
    with st.popover("Names from a file"):
        file = st.file_uploader(
            "A .txt, .json or .csv file", key=asker.key("labels-file"), max_upload_size=MAX_LABELS_FILE
        )
    if file is None:
        return read_labels(text or "", classes)
    if file.size > MAX_LABELS_FILE * 10**6:
        raise ExplanationError(f"The file of names may have up to {MAX_LABELS_FILE} MB.")
    try:
        return read_labels(file.getvalue().decode("utf-8-sig"), classes)
    except UnicodeDecodeError as error:
        raise ExplanationError(f"{file.name} is no text in UTF-8. Save it as text, or paste the names.") from error


def _ask_scaling(asker: Asker, usual: Answers) -> Scaling:
    """Ask for the mean and the standard deviation by which pixels are normalised."""
    suggested = usual.mean, usual.std
    known = {name: scaling for name, scaling in SCALINGS.items() if len(scaling[0]) == len(usual.mean)}
    name = next((name for name, scaling in known.items() if scaling == suggested), OTHER)
    options = (*known, OTHER)
    chosen: str = st.selectbox(
        asker.label("Normalisation", "mean"),
        options,
        options.index(name),
        key=asker.key("scaling"),
        help="(pixel - mean) / standard deviation, of pixels from 0 to 1. If it isn't what the network was trained "
        "with, the preview's classes are wrong.",
    )
    if chosen != OTHER:
        return known[chosen]
    with st.container(horizontal=True, key="own-scaling"):
        texts = [
            st.text_input(title, ", ".join(f"{value:g}" for value in values), key=asker.key(title))
            for title, values in (("Mean", usual.mean), ("Standard deviation", usual.std))
        ]
    return _numbers(texts[0], len(usual.mean)), _numbers(texts[1], len(usual.std))


def _numbers(text: str | None, count: int) -> tuple[float, ...]:
    """Read numbers with commas or spaces between them, or one for all channels. Raises ExplanationError."""
    try:
        values = tuple(map(float, (text or "").replace(",", " ").split()))
    except ValueError:
        values = ()
    if len(values) == 1:
        return values * count
    if len(values) != count:
        raise ExplanationError(f"Mean and standard deviation need {count} numbers each, such as 0.485, 0.456, 0.406.")
    return values
