"""A report of one result, for people who weren't there: one HTML file that needs nothing from outside."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup
from PIL import Image

from explainers import proof
from explainers.check import Check, no_sum
from explainers.classifiers import Prediction
from explainers.experiments import Finding
from explainers.experiments.verdict import verdict
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.figures import Look, inline, saturation, script
from explainers.figures.colours import peak, stops
from explainers.images.encoding import as_image, data_address
from explainers.images.photo import Photo
from explainers.numbers import percent, significant
from explainers.question import Question
from explainers.report.pictures import map_picture, overlay_picture

TEMPLATE = Path(__file__).with_name("report.html")
MAX_SIDE = 1200  # pixels of a picture in the report: what is larger is scaled down
ALWAYS = (  # what no map of any method can say
    "A map shows what this classifier used for this picture. It doesn't say whether the classifier is right, nor what "
    "it does on other pictures.",
    "A map that looks sensible can be wrong, and a map that looks odd can be right: that is what the tests are for.",
)


def report(
    explainer: Explainer,
    question: Question,
    explanation: Explanation,
    likely: Sequence[Prediction],
    *,
    findings: Mapping[str, Finding] | None = None,
    look: Look | None = None,
    notes: str = "",
) -> str:
    """Return the report as HTML.

    likely:   what the classifier predicts, the likeliest first.
    findings: what tests of this map found, by their titles.
    look:     how the map is drawn; None: as on the pages.
    notes:    what the reader should know, as plain text.
    """
    look, facts, findings = look or Look.first(explanation), explanation.facts, findings or {}
    photo = question.photo.image if isinstance(question.photo.image, Image.Image) else None
    curves = {title: Markup(inline(figure)) for title, figure in saturation(explanation).items()}
    page: str = _template().render(
        title=f"Why does {facts.classifier} say {facts.label}?",
        photo_name=question.photo.name,
        notes=notes,
        facts=facts,
        pictures=_pictures(explanation, look, photo),
        bar=_bar(explanation, look),
        likely=[(row.label, row.probability, percent(row.probability)) for row in likely],
        checks=_checks(explanation),
        sentences=_computed(explainer, question, explanation),
        verdict=verdict(list(findings.values())) if findings else "",
        findings=findings,
        limits=_limits(explainer, explanation),
        method=explainer,
        settings=facts.settings,
        record=_record(question.photo, explanation),
        curves=curves,
        script=Markup(script()) if curves else "",
    )
    return page


def _pictures(explanation: Explanation, look: Look, photo: Image.Image | None) -> list[tuple[str, str]]:
    """Return the pictures of the report with their captions."""
    shown = [
        ("The map over the picture", overlay_picture(explanation, look, photo)),
        ("The picture", photo or as_image(explanation.picture)),
        ("The map by itself", map_picture(explanation, look)),
        ("What the classifier saw of the picture", as_image(explanation.picture)),
    ]
    if explanation.baselines is not None:
        caption = "The baseline" if len(explanation.baselines) == 1 else "The first of the baselines"
        shown.append((caption, as_image(explanation.baselines[0])))
    return [(caption, _inline_picture(picture)) for caption, picture in shown]


def _inline_picture(picture: Image.Image) -> str:
    """Return a picture as an address that holds it."""
    if picture.mode not in ("RGB", "RGBA", "L"):
        picture = picture.convert("RGB")
    picture = picture.copy()
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    return data_address(picture, "png" if picture.mode == "RGBA" else "jpeg")


def _bar(explanation: Explanation, look: Look) -> dict[str, str]:
    """Return the colour bar: its colours, and what stands at its ends and under its middle."""
    strongest, facts = significant(peak(explanation.heat, look.clip)), explanation.facts
    colours = ", ".join(f"{colour} {position:.1%}" for position, colour in stops(look.colours))
    low, high = "0", strongest
    if explanation.signed:
        against = f"against {facts.label}" if facts.opposite is None else f"for {facts.opposite}"
        low, high = f"-{strongest}, {against}", f"{strongest}, for {facts.label}"
    return {"colours": colours, "low": low, "high": high, "unit": facts.unit.text}


def _checks(explanation: Explanation) -> list[str]:
    """Return what holds the map against the score, as sentences."""
    check = Check.of(explanation)
    about = f"The {proof.score_name(explanation)} is **{proof.score(explanation)}**."
    lines = (
        [no_sum(explanation)]
        if check is None
        else [f"{check.sum[0].upper()}{check.sum[1:]}. {check.verdict}", check.why_unjudged]
    )
    warnings = (proof.accuracy(explanation), proof.samples(explanation), proof.steps(explanation))
    return [line for line in (about, *lines, *warnings) if line]


def _computed(explainer: Explainer, question: Question, explanation: Explanation) -> list[str]:
    coverage = proof.coverage(explainer.inner, question.classifier)
    sentences = (coverage, proof.verification(explanation), proof.cost(explanation))
    return [sentence for sentence in sentences if sentence]


def _limits(explainer: Explainer, explanation: Explanation) -> list[str]:
    """Return what the map can't say, as sentences."""
    own = (proof.why_empty(explanation), proof.caution(explanation))
    shows = explainer.shows_regardless
    regardless = f"Whatever the classifier is, maps of this method show {shows}." if shows else ""
    return [sentence for sentence in (*own, regardless, *ALWAYS) if sentence]


def _record(photo: Photo, explanation: Explanation) -> dict[str, Any]:
    """Return what identifies the result: names, hashes and versions."""
    facts = explanation.facts
    target = explanation.target
    return {
        "Picture": f"{photo.name} (SHA-256 {photo.digest})",
        "Picture as the classifier saw it": f"SHA-256 {hashlib.sha256(explanation.picture.tobytes()).hexdigest()}",
        "Values of the map": f"SHA-256 {hashlib.sha256(explanation.values.tobytes()).hexdigest()}",
        "Classifier": f"{facts.classifier} (architecture, weights and view: {facts.weights})",
        "Preprocessing": f"{facts.view}, mean {facts.mean}, std {facts.std}, {facts.output}",
        "Target": f"{target.scale} of class {target.index}"
        + ("" if target.versus is None else f" minus that of class {target.versus}"),
        "Channels combined by": explanation.reduction,
        "Device": facts.device,
        "Versions": ", ".join(f"{name} {version}" for name, version in facts.versions.items()),
    }


@cache
def _template() -> Any:
    """Return the template; what it stands on takes .2 s to import, and most visitors want no report."""
    from jinja2 import Environment
    from markdown_it import MarkdownIt

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    markdown = MarkdownIt("js-default", {"html": False, "linkify": False})
    environment.filters["markdown"] = lambda text: Markup(markdown.renderInline(text))
    return environment.from_string(TEMPLATE.read_text("utf-8"))
