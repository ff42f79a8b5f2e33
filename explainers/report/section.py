"""One result, ready for a report: its pictures are encoded, so that neither the photo nor the map need be kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from explainers import proof
from explainers.check import Check, no_sum
from explainers.experiments import Finding
from explainers.experiments.verdict import verdict
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.figures import Look, inline, saturation
from explainers.figures.colours import stops
from explainers.figures.parts import Span
from explainers.images.encoding import as_image, data_address
from explainers.images.photo import Photo
from explainers.numbers import percent, significant
from explainers.question import Question
from explainers.report.model_card import Card
from explainers.report.pictures import map_picture, overlay_picture, own_span
from explainers.report.result import Result

MAIN_SIDE, SMALL_SIDE, THUMBNAIL_SIDE = 1000, 500, 240  # pixels; what is larger is scaled down
QUALITY = 85  # of the JPEGs, of which a report may have a hundred
Rows = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Picture:
    """A picture with its caption, as an address that holds it."""

    caption: str
    address: str


@dataclass(frozen=True)
class Bar:
    """A colour bar: its colours in CSS, what stands at its ends, and what its numbers are."""

    colours: str
    low: str
    high: str
    unit: str


@dataclass(frozen=True)
class Method:
    """What a method is, in words, and its paper."""

    title: str
    about: str
    paper: str


@dataclass(frozen=True)
class Section:
    """A result as texts and encoded pictures. Sentences are in Markdown.

    heading:   the question that the map answers.
    title:     what tells it from the other results.
    thumbnail: the address of the small overlay in the overview.
    score:     the explained score, and what it is the score of.
    line:      the proof in one line; off: how far the sum of the map is off, in few words.
    overlay:   the map over the picture; pictures: all others.
    likely:    each label, its probability, and that in words.
    limits:    what this map can't say, beyond what no map can.
    sentences: how it was computed.
    facts:     the settings of the method, and what identifies the result: names, hashes and versions.
    curves:    the figures of a path by their titles, as HTML.
    """

    heading: str
    title: str
    photo_name: str
    thumbnail: str
    score: str
    line: str
    off: str
    overlay: Picture
    bar: Bar
    pictures: tuple[Picture, ...]
    likely: tuple[tuple[str, float, str], ...]
    checks: tuple[str, ...]
    verdict: str
    findings: tuple[tuple[str, Finding], ...]
    limits: tuple[str, ...]
    sentences: tuple[str, ...]
    method: Method
    facts: Rows
    curves: tuple[tuple[str, str], ...]
    card: Card

    @classmethod
    def of(cls, result: Result) -> Section:
        """Draw and describe a result."""
        explainer, question, explanation = result.explainer, result.question, result.explanation
        facts, look = explanation.facts, result.look or Look.first(explanation)
        photo = question.photo.image if isinstance(question.photo.image, Image.Image) else None
        span = result.span or own_span(explanation, look)
        overlay = overlay_picture(explanation, look, photo, span)
        rather = "" if facts.versus is None else f" rather than {facts.versus}"
        return cls(
            heading=f"Why does {facts.classifier} say {facts.label}{rather}?",
            title=result.title or f"{question.photo.name}: {facts.label}{rather}",
            photo_name=question.photo.name,
            thumbnail=_address(overlay, THUMBNAIL_SIDE),
            score=f"{explanation.target.scale} {proof.score(explanation)}",
            line=proof.brief(explainer, question.classifier, explanation),
            off=_off(explanation),
            overlay=Picture("The map over the picture", _address(overlay, MAIN_SIDE)),
            bar=_bar(explanation, look, span),
            pictures=_pictures(explanation, look, photo, span),
            likely=tuple((row.label, row.probability, percent(row.probability)) for row in result.likely),
            checks=_checks(explanation),
            verdict=verdict(list(result.findings.values())) if result.findings else "",
            findings=tuple(result.findings.items()),
            limits=_limits(explainer, explanation),
            sentences=_sentences(explainer, question, explanation),
            method=Method(explainer.title, f"{explainer.summary()} {explainer.about()}", explainer.paper),
            facts=(*explainer.in_words(explanation.facts.settings), *_record(question.photo, explanation)),
            curves=tuple((title, inline(figure)) for title, figure in saturation(explanation).items()),
            card=Card.of(question.classifier, explanation),
        )


def _pictures(explanation: Explanation, look: Look, photo: Image.Image | None, span: Span) -> tuple[Picture, ...]:
    """Return the pictures beside the overlay."""
    shown = [
        ("The picture", photo or as_image(explanation.picture)),
        ("The map by itself", map_picture(explanation, look, span)),
        ("What the classifier saw of the picture", as_image(explanation.picture)),
    ]
    if explanation.baselines is not None:
        caption = "The baseline" if len(explanation.baselines) == 1 else "The first of the baselines"
        shown.append((caption, as_image(explanation.baselines[0])))
    return tuple(Picture(caption, _address(picture, SMALL_SIDE)) for caption, picture in shown)


def _address(picture: Image.Image, side: int) -> str:
    """Return a picture as an address that holds it; what is transparent becomes white."""
    picture = picture.copy()
    picture.thumbnail((side, side))
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return data_address(picture.convert("RGB"), "jpeg", QUALITY)


def _bar(explanation: Explanation, look: Look, span: Span) -> Bar:
    facts = explanation.facts
    colours = ", ".join(f"{colour} {position:.1%}" for position, colour in stops(look.colours))
    low, high = map(significant, span)
    if explanation.takes_sides:
        against = f"against {facts.label}" if facts.opposite is None else f"for {facts.opposite}"
        low, high = f"{low}, {against}", f"{high}, for {facts.label}"
    return Bar(colours, low, high, facts.unit.text)


def _checks(explanation: Explanation) -> tuple[str, ...]:
    """Return what holds the map against the score, as sentences."""
    check = Check.of(explanation)
    about = f"The {proof.score_name(explanation)} is **{proof.score(explanation)}**."
    lines = (
        [no_sum(explanation)]
        if check is None
        else [f"{check.sum[0].upper()}{check.sum[1:]}. {check.verdict}", check.why_unjudged]
    )
    warnings = (proof.accuracy(explanation), proof.samples(explanation), proof.steps(explanation))
    return tuple(line for line in (about, *lines, *warnings) if line)


def _off(explanation: Explanation) -> str:
    check = Check.of(explanation)
    if check is None:
        return "no sum to check"
    return "not judged" if check.gap is None else f"{percent(check.gap)} off"


def _sentences(explainer: Explainer, question: Question, explanation: Explanation) -> tuple[str, ...]:
    coverage = proof.coverage(explainer.inner, question.classifier)
    return _without_none(coverage, proof.verification(explanation), proof.cost(explanation))


def _limits(explainer: Explainer, explanation: Explanation) -> tuple[str, ...]:
    shows = explainer.shows_regardless
    regardless = f"Whatever the classifier is, maps of this method show {shows}." if shows else None
    return _without_none(proof.why_empty(explanation), proof.caution(explanation), regardless)


def _without_none(*sentences: str | None) -> tuple[str, ...]:
    return tuple(sentence for sentence in sentences if sentence)


def _record(photo: Photo, explanation: Explanation) -> Rows:
    """Return what identifies the result: names, hashes and versions."""
    facts, target = explanation.facts, explanation.target
    minus = "" if target.versus is None else f" minus that of class {target.versus}"
    return (
        ("Picture", f"{photo.name} (SHA-256 {photo.digest})"),
        ("Picture as the classifier saw it", f"SHA-256 {_hash(explanation.picture.tobytes())}"),
        ("Values of the map", f"SHA-256 {_hash(explanation.values.tobytes())}"),
        ("Classifier", f"{facts.classifier} (architecture, weights and view: {facts.weights})"),
        ("Preprocessing", f"{facts.view}, mean {facts.mean}, std {facts.std}, {facts.output}"),
        ("Target", f"{target.scale} of class {target.index}{minus}"),
        ("Channels combined by", explanation.reduction),
        ("Device", facts.device),
        ("Versions", ", ".join(f"{name} {version}" for name, version in facts.versions.items())),
    )


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def common(rows: Sequence[Rows]) -> Rows:
    """Return the facts that are the same in all of these."""
    first, *others = map(dict, rows)
    return tuple((name, value) for name, value in first.items() if all(other.get(name) == value for other in others))
