"""Deletion and insertion on the Trust page: the engine's own numbers, the finding, and other methods beside it."""

import numpy as np
import pytest

from explainers import EXPLAINERS, GradCAM, Saliency
from explainers.experiments import Removal
from explainers.markdown import escaped
from explainers.numbers import significant

SIDES = "Deletion", "Insertion"
FEW = {"deletion-and-insertion-steps": 4}


@pytest.fixture
def come(trust):
    """(address={}) -> the Trust page for Grad-CAM, in few steps, with the details of this experiment open."""
    return lambda address=None: trust(Removal, method="grad-cam", **FEW | {"removal-details": True} | (address or {}))


@pytest.fixture
def tried(espresso, explained):
    """(explainer, **settings) -> the engine's outcome for the first sample as an espresso."""

    def make(explainer, **settings):
        return Removal(steps=4, **settings)(explainer, espresso, explained(explainer))

    return make


def table(at):
    """The cells of the card's table, row by row."""
    (table,) = (each.value for each in at.dataframe if "curve" in each.value)
    return table.values.tolist()


def test_it_shows_the_experiments_numbers_and_what_they_say(come, figure, tried):
    at, expected = come(), tried(GradCAM())
    drawn = figure(at, "removal")["data"]
    for name, curves in (
        ("this map", [side.fine for side in expected.sides]),
        ("random pixels", [side.random for side in expected.sides]),
    ):
        np.testing.assert_allclose([trace["y"] for trace in drawn if trace.get("name") == name], curves)
    rows = table(at)
    assert [row[0] for row in rows] == ["Deletion", "Insertion"]
    for row, side in zip(rows, expected.sides, strict=True):
        assert row[1] == significant(side.area(side.map))
        assert row[3] == significant(np.mean([side.area(each) for each in side.moved]))
        assert row[4] == f"{side.beaten} of 16"
    assert any(escaped(expected.finding.line) == each.value for each in at.main.markdown)  # on the card
    assert any(escaped(expected.finding.sentence) in each.value for each in at.main.markdown)
    assert any(expected.finding.caveat in each.value for each in at.main.caption)


def test_settings_of_the_address_are_the_experiments(come, figure, tried):
    address = {"deletion-and-insertion-deletion": "white", "deletion-and-insertion-score": "probability"}
    at, expected = come(address), tried(GradCAM(), deletion="white", score="probability")
    shown = [trace["y"] for trace in figure(at, "removal")["data"] if trace.get("name") == "this map"]
    np.testing.assert_allclose(shown, [side.fine for side in expected.sides])
    assert at.selectbox(key="deletion-and-insertion-deletion").value == "white"


def test_other_methods_stand_beside_it_on_request(come, figure, tried):
    at = come()
    at.multiselect(key="removal-others").set_value(["vanilla-gradient", "grad-cam"]).run()
    assert not at.exception
    expected = tried(Saliency())
    names = [row[0] for row in table(at)]
    assert names == [f"{side}, {name}" for name in ("Grad-CAM", "Vanilla gradient") for side in SIDES]
    assert table(at)[2][4] == f"{expected.deletion.beaten} of 16"
    shown = [trace["y"] for trace in figure(at, "removal")["data"] if trace.get("name") == "Vanilla gradient"]
    np.testing.assert_allclose(shown, [side.map for side in expected.sides])


def test_a_method_that_cannot_is_said_and_the_rest_is_shown(come):
    at = come({"removal-others": "attention-rollout"})
    assert any("attention" in error.value.lower() for error in at.main.error)
    assert len(table(at)) == 2


def test_the_page_warns_of_random_pixels(come):
    assert any("Scattered holes destroy any network" in each.value for each in come().main.markdown)


@pytest.mark.parametrize("named", ["astrology", "~".join(kind.slug() for kind in EXPLAINERS[:4])], ids=["none", "four"])
def test_an_address_can_name_only_what_the_widget_offers(come, named):
    at = come({"removal-others": named})
    assert at.multiselect(key="removal-others").value == []
    assert len(table(at)) == 2
