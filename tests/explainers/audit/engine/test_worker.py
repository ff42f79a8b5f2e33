"""Rows are what single calls say, whoever shares a chunk."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from explainers import ExplanationError, GradCAM, IntegratedGradients, Saliency, Target
from explainers.audit.cases.listing import list_cases
from explainers.audit.engine.worker import UNSTEADY, Worker
from explainers.audit.runs.beginning import planned
from explainers.audit.runs.rows import SCHEMA
from explainers.audit.runs.run import Run
from explainers.experiments import Removal
from explainers.experiments.pointing.hits import hit
from explainers.images.photo import Photo
from explainers.question import Question

SIZE = (24, 24)
LABELS = ("apple", "pear", "plum")
BOX = (2.0, 4.0, 12.0, 20.0)


@pytest.fixture
def folder(write, png):
    """Six pictures of the classifier's own size, of which one is broken."""
    files = {f"{LABELS[number % 3]}/{number}.png": png(number) for number in range(6)}
    return write(files | {"pear/4.png": b"no picture"})


@pytest.fixture
def classifier(small, classify):
    return classify(small(), SIZE, labels=LABELS, name="small")


@pytest.fixture
def worker(tmp_path):
    """(classifier, folder, explainer, ...) -> a worker of a new run, in one part."""

    def make(classifier, folder, explainer, boxes=False, **more):
        listing = list_cases(folder)
        if boxes:
            listing = replace(listing, cases=tuple(replace(case, box=BOX) for case in listing.cases))
        plan = planned(listing, classifier, explainer, name="small", **more)
        number = len(list(tmp_path.glob("run*")))
        return Worker.of(Run.create(tmp_path / f"run{number}", plan, listing.cases), classifier)

    return make


@pytest.fixture
def together(monkeypatch):
    """Pictures share passes, as they do on a GPU."""
    monkeypatch.setattr(Worker, "_passes_once", False)


def shown(folder, row):
    return Image.open(folder / row["path"]).convert("RGB")


@pytest.mark.parametrize(
    "explainer", [Saliency(), GradCAM(relu=False), IntegratedGradients(steps=8)], ids=lambda each: each.title
)
def test_rows_are_what_calls_say(worker, classifier, folder, explainer):
    rows = worker(classifier, folder, explainer, chunk=4, boxes=True).rows(0)
    assert [row["number"] for row in rows] == list(range(6))
    assert all(row.keys() == set(SCHEMA.names) for row in rows)
    for row in rows:
        assert LABELS[row["label_index"]] == row["label"] == row["path"].partition("/")[0]
        if row["path"] == "pear/4.png":
            assert row["error"]
            assert row["map"] is None
            continue
        image = shown(folder, row)
        top = classifier.predict(image, 3)
        alone = explainer(classifier, image, Target(top[0].index))
        magnitudes = alone.reduced("sum of magnitudes").heat
        assert row["error"] is None
        assert (row["prediction"], row["prediction_index"]) == (top[0].label, top[0].index)
        assert row["correct"] == (top[0].index == row["label_index"])
        assert row["probability"] == pytest.approx(top[0].probability, rel=1e-5)
        assert row["label_probability"] == pytest.approx(
            next(each.probability for each in top if each.index == row["label_index"]), rel=1e-5
        )
        assert (row["target_index"], row["versus_index"]) == (top[0].index, None)
        assert row["score"] == pytest.approx(alone.score, rel=1e-5)
        assert row["gap"] == (None if alone.gap is None else pytest.approx(alone.gap, abs=1e-5))
        cells = magnitudes.reshape(8, 3, 8, 3).mean((1, 3)).ravel()
        np.testing.assert_allclose(row["description"], cells / np.linalg.norm(cells), atol=1e-5)
        assert np.asarray(row["map"], float).mean() == pytest.approx(1, abs=1e-3)
        score, of_magnitudes = hit(alone, BOX), hit(alone.reduced("sum of magnitudes"), BOX)
        assert row["box_area"] == pytest.approx(score.area)
        assert row["box_share"] == pytest.approx(of_magnitudes.inside, rel=1e-4)
        assert row["box_peak"] == score.peak
        column, peak = int(row["peak_x"] * 24), int(row["peak_y"] * 24)
        assert alone.heat[peak, column] == pytest.approx(alone.heat.max(), rel=1e-4)
        pixels = np.asarray(image, float) / 255
        np.testing.assert_allclose(row["colour_mean"], pixels.mean((0, 1)), rtol=1e-5)
        np.testing.assert_allclose(row["colour_std"], pixels.std((0, 1)), rtol=1e-5)
        assert (row["width"], row["height"], row["view"]) == (24, 24, (0, 0, 24, 24))


@pytest.mark.usefixtures("together")
def test_pictures_that_share_passes_have_the_rows_of_those_alone(worker, classifier, folder, monkeypatch, same_rows):
    for explainer in (Saliency(), GradCAM()):
        shared = worker(classifier, folder, explainer, chunk=4).rows(0)
        with monkeypatch.context() as patch:
            patch.setattr(Worker, "_passes_once", True)
            by_one = worker(classifier, folder, explainer, part=1)
            same_rows([row for part in range(6) for row in by_one.rows(part)], shared)


@pytest.mark.usefixtures("together")
def test_a_broken_picture_changes_no_company(worker, classifier, folder, png, same_rows):
    before = worker(classifier, folder, Saliency(), chunk=3).rows(0)
    (folder / "pear/4.png").write_bytes(png(4))
    after = worker(classifier, folder, Saliency(), chunk=3).rows(0)
    kept = [row["number"] for row in before if row["error"] is None]
    assert len(kept) == 5
    same_rows([before[number] for number in kept], [after[number] for number in kept])
    assert all(row["error"] is None for row in after)


def test_maps_can_be_of_the_label_rather_than_the_likeliest(worker, classifier, folder):
    rows = worker(classifier, folder, Saliency(), asked="label rather than likeliest", scale="probability").rows(0)
    for row in rows:
        if row["error"] is None:
            assert row["target_index"] == row["label_index"]
            assert row["versus_index"] != row["label_index"]
            assert row["correct"] or row["versus_index"] == row["prediction_index"]


def test_without_a_label_there_is_no_question_about_it(worker, classifier, write, png):
    folder = write({"apple/0.png": png(0), "unknown thing/1.png": png(1)})
    labelled, other = worker(classifier, folder, Saliency(), asked="label").rows(0)
    assert labelled["error"] is None
    assert "no label" in other["error"]
    assert other["prediction"] is not None
    assert (other["label"], other["correct"], other["map"]) == (None, None, None)


def test_a_map_is_tested_where_that_is_asked(worker, classifier, folder):
    rows = worker(classifier, folder, Saliency(), removal=True, chunk=2).rows(0)
    image = shown(folder, rows[0])
    question = Question(Photo.of(image), classifier, Target(rows[0]["target_index"]))
    outcome = Removal()(Saliency(), question, Saliency().explain(question))
    assert rows[0]["deletion_beaten"] == outcome.deletion.beaten
    assert rows[0]["insertion_beaten"] == outcome.insertion.beaten
    assert rows[0]["removal"] == outcome.finding.speaks
    assert worker(classifier, folder, Saliency()).rows(0)[0]["removal"] is None


def test_a_box_out_of_sight_has_no_share(worker, classifier, folder):
    explained = worker(classifier, folder, Saliency())
    case = replace(explained.run.cases[0], box=(100.0, 100.0, 120.0, 120.0))
    explained.run.__dict__["cases"] = (case, *explained.run.cases[1:])
    row = explained.rows(0)[0]
    assert row["error"] is None
    assert (row["box_area"], row["box_share"], row["box_peak"]) == (0.0, None, None)


class Remembering(nn.Module):
    """Adds what it has seen before to its logits, once it sees a picture with a white corner, which no probe has."""

    def __init__(self, network):
        super().__init__()
        self.network = network
        self.register_buffer("memory", torch.zeros(()))

    def forward(self, x):
        logits = self.network(x)
        if bool((x[:, :, 0, 0] > 0.99).all()):
            logits = logits + self.memory * torch.tensor([5.0, 0.0, -5.0])
            self.memory = self.memory + x.mean()
        return logits


@pytest.mark.parametrize("one_pass", [True, False])
def test_memories_of_other_pictures_change_no_row(worker, small, classify, write, same_rows, monkeypatch, one_pass):
    monkeypatch.setattr(Worker, "_passes_once", one_pass)
    pixels = np.random.default_rng(0).integers(0, 256, (4, 24, 24, 3), dtype=np.uint8)
    pixels[:, 0, 0] = 255
    folder = write({"notes.txt": ""})
    for number, each in enumerate(pixels):
        Image.fromarray(each).save(folder / f"{number}.png")
    classifiers = [classify(Remembering(small()), SIZE, labels=LABELS) for _ in range(2)]
    assert not classifiers[0].traits.alone  # or nothing would be proved
    together, alone = (
        worker(classifier, folder, Saliency(), chunk=chunk).rows(0)
        for classifier, chunk in zip(classifiers, (4, 1), strict=True)
    )
    same_rows(together, alone)
    fresh = classify(Remembering(small()), SIZE, labels=LABELS)
    for row in together:
        assert row["prediction_index"] == fresh.predict(shown(folder, row), 1)[0].index


def test_answers_that_are_never_the_same_are_refused(worker, classifier, folder, monkeypatch):
    monkeypatch.setattr("explainers.audit.engine.questions.Predictions.agree", lambda *_: False)
    assert {row["error"] for row in worker(classifier, folder, Saliency()).rows(0)} > {UNSTEADY}


def test_weights_that_change_meanwhile_are_refused(worker, classify, small, folder):
    network = small()
    explained = worker(classify(network, SIZE, labels=LABELS, name="small"), folder, Saliency(), chunk=4)
    with pytest.raises(ExplanationError, match="weights changed while"):
        explained.rows(0, lambda _: next(network.parameters()).data.add_(0.1))


def test_another_classifier_is_refused(worker, classifier, folder, small, classify):
    run = worker(classifier, folder, Saliency()).run
    with pytest.raises(ExplanationError, match="isn't the classifier"):
        Worker.of(run, classify(small(), SIZE, labels=("a", "b", "c")))


def test_progress_is_told_chunk_by_chunk(worker, classifier, folder):
    told = []
    worker(classifier, folder, Saliency(), chunk=4).rows(0, told.append)
    assert told == [4, 2]
