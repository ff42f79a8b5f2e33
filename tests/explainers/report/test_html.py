"""The report says what the explanation says, in one file that asks nothing of the network and believes no text."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from PIL import Image

from explainers import GradCAM, InputXGradient, IntegratedGradients, Saliency, Target, load_classifier
from explainers.classifiers import Prediction
from explainers.experiments import Finding
from explainers.images.photo import Photo
from explainers.question import Question
from explainers.report import Failure, Result, report
from explainers.report.assessor import REQUIREMENTS

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
    """(method, name="photo.jpg", target=Target(1), **more of a result) -> the method's map of a photo, as a result."""

    def make(method, name="photo.jpg", target=Target(1), **more):  # noqa: B008  a frozen value
        photo = replace(Photo.of(Image.effect_noise((60, 40), 80).convert("RGB")), name=name)
        question = Question(photo, conv, target)
        return Result(method, question, method.explain(question), LIKELY, **more)

    return make


def test_it_holds_the_result_its_check_and_what_identifies_it(ask):
    result = ask(IntegratedGradients(steps=4))
    text = " ".join(parsed(report(result, notes="Look at the edge.")).texts)
    for part in (
        "Why does conv say class 1?",
        "Look at the edge.",
        "75.0%",
        "The classifier says",
        "No test of this map had been run",
        result.explainer.summary(),
        result.explainer.paper,
        result.question.photo.digest,
        result.explanation.facts.weights,
        "midpoint",
        f"torch {result.explanation.facts.versions['torch']}",
    ):
        assert part in text


def test_what_tests_found_is_told_with_its_caveat(ask):
    findings = {"Deletion and insertion": Finding("for", "Good.", "It beats **15 of 16**.", "Holes are new to it.")}
    page = report(ask(GradCAM(), findings=findings))
    assert "It beats <strong>15 of 16</strong>." in page
    assert "Holes are new to it." in page
    assert "supports this map" in page


def test_it_asks_nothing_of_the_network(ask):
    results = [ask(method) for method in (IntegratedGradients(steps=4), Saliency())]
    for page in (*map(report, results), report(results)):
        for tag, attributes in parsed(page).tags:
            assert tag not in ("link", "iframe", "object", "embed", "base", "form")
            for name in ("src", "href", "srcset", "data", "action"):
                assert (attributes.get(name) or "data:").startswith(("data:", "#")), (tag, name)
        assert "default-src 'none'" in page


def test_scripts_come_once_and_only_with_curves(ask):
    assert report(ask(Saliency())).count("<script") == 0
    page = report([ask(IntegratedGradients(steps=4)), ask(Saliency()), ask(IntegratedGradients(steps=5))])
    assert page.count("plotly.js v") == 1
    assert page.count('class="plotly-graph-div"') == 6


def test_texts_of_strangers_stay_texts(ask):
    findings = {HOSTILE: Finding("against", HOSTILE, HOSTILE, HOSTILE)}
    result = ask(Saliency(), name=HOSTILE, findings=findings)
    facts = replace(result.explanation.facts, label=HOSTILE, classifier=HOSTILE, source=HOSTILE)
    result = replace(result, explanation=replace(result.explanation, facts=facts))
    for results in (result, [result, replace(result, title=HOSTILE), Failure(HOSTILE, HOSTILE)]):
        reader = parsed(report(results, notes=HOSTILE))
        assert not [tag for tag, attributes in reader.tags if tag == "script" or "onerror" in attributes]
        links = [attributes["href"] for tag, attributes in reader.tags if tag == "a"]
        assert not [link for link in links if re.match(r"\s*javascript:", link, re.IGNORECASE)]
        assert "".join(reader.texts).count("onerror") >= 6


def test_a_signed_map_names_both_ends_of_its_colours(ask):
    page = report(ask(InputXGradient(), target=Target(1, versus=2)))
    assert ", for class 1<" in page
    assert ">-" in page


def test_large_photos_are_scaled_down(ask, conv):
    photo = Photo.of(Image.effect_noise((3000, 2000), 80).convert("RGB"))
    question = Question(photo, conv, Target(1))
    assert len(report(Result(Saliency(), question, Saliency().explain(question), LIKELY))) < 1_000_000


def ids_and_links(page):
    """The names of places in a report, and the places that its links name."""
    tags = parsed(page).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    return ids, [attributes["href"].removeprefix("#") for tag, attributes in tags if tag == "a"]


def test_several_results_have_contents_an_overview_and_what_failed(ask):
    results = [ask(Saliency(), "a.jpg"), Failure("b.jpg", "It is damaged."), ask(Saliency(), "c.jpg", Target(2))]
    for page in (report(iter(results)), report(results, columns=2)):
        ids, links = ids_and_links(page)
        assert len(set(ids)) == len(ids)
        assert {*links} <= {*ids}
        assert {"overview", "result-1", "result-3", "limits", "computed", "model-card", "assessor"} <= {*links}
        text = " ".join(parsed(page).texts)
        for part in ("2 of 3 maps", "a.jpg: class 1", "c.jpg: class 2", "b.jpg", "It is damaged."):
            assert part in text
    assert "What failed" not in text  # it stands in the grid


def test_what_is_the_same_for_all_results_stands_once(ask):
    one, other = ask(Saliency(), "a.jpg"), ask(Saliency(), "b.jpg")
    text = "".join(parsed(report([one, other])).texts)
    assert text.count(one.explainer.paper) == 1
    assert text.count("torch " + one.explanation.facts.versions["torch"]) == 1
    assert [text.count(each.question.photo.digest) for each in (one, other)] == [1, 1]
    alts = [tag["alt"] for kind, tag in parsed(report([one, replace(one, title="again")])).tags if kind == "img"]
    assert [alts.count(alt) for alt in ("The picture", "The map over the picture")] == [1, 2]


def test_two_classifiers_have_a_card_each_and_one_has_one(ask):
    result, photo, bundled = ask(Saliency()), Photo.of(Image.new("RGB", (64, 64), "red")), load_classifier("bundled")
    question = Question(photo, bundled, Target(0))
    other = Result(Saliency(), question, Saliency().explain(question), LIKELY)
    assert report([result, result]).count("Input and output") == 1
    page = report([result, other])
    assert page.count("Input and output") == 2
    assert "Top-1 accuracy 60.6%, as published" in page
    assert "100 classes, of which exactly one applies" in page


@pytest.mark.parametrize("several", [False, True])
def test_what_an_assessor_asks_is_answered_by_a_place_or_left_to_be_filled_in(ask, several):
    result = ask(Saliency())
    page = report([result, result] if several else result)
    ids, links = ids_and_links(page)
    assert {*links} <= {*ids}
    text = " ".join(" ".join(parsed(page).texts).split())
    for row in REQUIREMENTS:
        assert row.article in text
        assert row.asks in text
        assert row.parts or row.to_fill
        assert bool(row.stands) == bool(row.parts)
    assert text.count("Not in this report.") == sum(not row.parts for row in REQUIREMENTS)
    assert "It isn't legal advice" in text
    assert "2 December 2027" in text


def test_a_report_of_nothing_is_a_mistake():
    with pytest.raises(ValueError, match="needs a result"):
        report([])
