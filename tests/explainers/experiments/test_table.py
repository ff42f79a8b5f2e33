"""The table of measures: numbers are the experiments' own, refusals are remarks, and each row says what it is about."""

import csv
import io

import pytest

from explainers import AttentionRollout, GradCAM, Saliency, Target
from explainers.experiments import Pointing, Sensitivity, Stability
from explainers.experiments.table import REMARKS, as_csv, columns, measure

CHEAP = (Stability(draws=1), Sensitivity(samples=1, patches=3))


@pytest.fixture(scope="module")
def asked(conv, noise, question):
    return question(conv, noise(conv.size), Target(1, versus=2))


def test_a_row_holds_the_numbers_of_the_experiments(asked):
    explanation, expected = GradCAM().explain(asked), {}
    for experiment in CHEAP:
        expected |= experiment(GradCAM(), asked, explanation).numbers
    measured = measure(GradCAM(), asked, CHEAP)
    assert measured.row == {"method": "Grad-CAM", REMARKS: "", **expected}
    assert len(measured.outcomes) == 2


def test_an_experiment_that_refuses_is_a_remark_beside_the_others_numbers(asked):
    measured = measure(Saliency(), asked, [Pointing(), CHEAP[0]])
    (refusal,) = measured.refusals
    assert "Draw a box" in refusal
    assert measured.row == {"method": "Vanilla gradient", REMARKS: refusal} | measured.outcomes[0].numbers


def test_a_method_that_refuses_is_a_row_of_one_remark(asked):
    measured = measure(AttentionRollout(), asked, CHEAP)
    assert measured.outcomes == ()
    assert "needs a vision transformer" in measured.row[REMARKS]
    assert measured.row.keys() == {"method", REMARKS}


def test_who_keeps_maps_and_outcomes_is_asked_for_them(asked):
    explanation, outcome, met = Saliency().explain(asked), CHEAP[0](Saliency(), asked, Saliency().explain(asked)), []

    def run(*given):
        met.append(given)
        return outcome

    measured = measure(Saliency(), asked, CHEAP[:1], explain=lambda *given: explanation, run=run)
    assert measured.outcomes == (outcome,)
    assert met == [(CHEAP[0], Saliency(), asked, explanation)]


def test_columns_are_those_of_all_rows_and_remarks_only_where_there_are_some():
    plain, other = {"method": "a", REMARKS: "", "one": 1.0}, {"method": "b", REMARKS: "", "two": None}
    assert columns([plain, other]) == ["method", "one", "two"]
    assert columns([plain, other | {REMARKS: "No."}]) == ["method", REMARKS, "one", "two"]


def test_each_row_of_the_file_says_what_it_is_about(asked):
    rows = [
        {"method": "a", REMARKS: "", "one": 0.5},
        {"method": 'b, "c"', REMARKS: "It can't\nbe done, sadly.", "two": None},
    ]
    first, second = csv.DictReader(io.StringIO(as_csv(rows, asked), newline=""))
    assert (first["method"], first["one"], first["two"], first[REMARKS]) == ("a", "0.5", "", "")
    assert (second["method"], second["one"], second[REMARKS]) == ('b, "c"', "", "It can't\nbe done, sadly.")
    for row in (first, second):
        assert (row["picture"], row["sha256 of the picture"]) == ("picture", asked.photo.digest)
        assert (row["classifier"], row["weights"]) == ("conv", asked.classifier.identity)
        assert (row["class"], row["rather than"], row["scale"]) == ("class 1", "class 2", "logit")


def test_a_file_without_remarks_has_no_column_of_them(conv, noise, question):
    (row,) = csv.DictReader(io.StringIO(as_csv([{"method": "a", REMARKS: ""}], question(conv, noise(conv.size)))))
    assert REMARKS not in row
    assert row["rather than"] == ""
