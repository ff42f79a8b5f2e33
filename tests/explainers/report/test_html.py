"""The report says what the explanation says, in one file that asks nothing of the network and believes no text."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from PIL import Image

from explainers import GradCAM, IntegratedGradients, Saliency, Target
from explainers.classifiers import Prediction
from explainers.experiments import Finding
from explainers.images.photo import Photo
from explainers.question import Question
from explainers.report import report

HOSTILE = '<img src=x onerror="alert(1)"> [link](javascript:alert(1)) <script>alert(2)</script>'
LIKELY = [Prediction(1, "class 1", 0.75, 2.0), Prediction(0, HOSTILE, 0.25, 1.0)]


class Reader(HTMLParser):
    """Collects the tags and their attributes, and the text between them."""

    def __init__(self):
        super().__init__()
        self.tags, self.texts = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.texts.append(data)


def parsed(html):
    reader = Reader()
    reader.feed(html)
    return reader


@pytest.fixture
def ask(conv):
    """(method, name="photo.jpg", target=Target(1)) -> the method, its question about a photo, and the answer."""

    def make(method, name="photo.jpg", target=Target(1)):  # noqa: B008  a frozen value
        photo = replace(Photo.of(Image.effect_noise((60, 40), 80).convert("RGB")), name=name)
        question = Question(photo, conv, target)
        return method, question, method.explain(question)

    return make


def test_it_holds_the_result_its_check_and_what_identifies_it(ask):
    method, question, explanation = ask(IntegratedGradients(steps=4))
    text = " ".join(parsed(report(method, question, explanation, LIKELY, notes="Look at the edge.")).texts)
    for part in (
        "Why does conv say class 1?",
        "Look at the edge.",
        "75.0%",
        "The classifier says",
        "No test of this map had been run",
        method.summary(),
        method.paper,
        question.photo.digest,
        explanation.facts.weights,
        "midpoint",
        f"torch {explanation.facts.versions['torch']}",
    ):
        assert part in text


def test_what_tests_found_is_told_with_its_caveat(ask):
    findings = {"Deletion and insertion": Finding("for", "Good.", "It beats **15 of 16**.", "Holes are new to it.")}
    method, question, explanation = ask(GradCAM())
    page = report(method, question, explanation, LIKELY, findings=findings)
    assert "It beats <strong>15 of 16</strong>." in page
    assert "Holes are new to it." in page
    assert "supports this map" in page


def test_it_asks_nothing_of_the_network(ask):
    for method in (IntegratedGradients(steps=4), Saliency()):
        page = report(*ask(method), LIKELY)
        for tag, attributes in parsed(page).tags:
            assert tag not in ("link", "iframe", "object", "embed", "base", "form")
            for name in ("src", "href", "srcset", "data", "action"):
                assert (attributes.get(name) or "data:").startswith("data:"), (tag, name)
        assert "default-src 'none'" in page


def test_scripts_come_once_and_only_with_curves(ask):
    assert report(*ask(Saliency()), LIKELY).count("<script") == 0
    page = report(*ask(IntegratedGradients(steps=4)), LIKELY)
    assert page.count("plotly.js v") == 1
    assert page.count('class="plotly-graph-div"') == 3


def test_texts_of_strangers_stay_texts(ask):
    findings = {HOSTILE: Finding("against", HOSTILE, HOSTILE, HOSTILE)}
    method, question, explanation = ask(Saliency(), name=HOSTILE)
    hostile = replace(explanation, facts=replace(explanation.facts, label=HOSTILE, classifier=HOSTILE))
    reader = parsed(report(method, question, hostile, LIKELY, findings=findings, notes=HOSTILE))
    assert not [tag for tag, attributes in reader.tags if tag == "script" or "onerror" in attributes]
    links = [attributes["href"] for tag, attributes in reader.tags if tag == "a"]
    assert not [link for link in links if re.match(r"\s*javascript:", link, re.IGNORECASE)]
    assert "".join(reader.texts).count("onerror") >= 6


def test_a_signed_map_names_both_ends_of_its_colours(ask):
    page = report(*ask(Saliency(), target=Target(1, versus=2)), LIKELY)
    assert ", for class 1<" in page
    assert ">-" in page


def test_large_photos_are_scaled_down(ask, conv):
    photo = Photo.of(Image.effect_noise((3000, 2000), 80).convert("RGB"))
    question = Question(photo, conv, Target(1))
    assert len(report(Saliency(), question, Saliency().explain(question), LIKELY)) < 4_000_000
