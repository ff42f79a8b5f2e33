"""The tables hold unrounded numbers, a row for each map, and no formula."""

import csv
import io

import numpy as np
import pytest

from explainers import IntegratedGradients, Prediction, Saliency, Target
from explainers.experiments import Finding
from explainers.figures import Tile
from explainers.report.measures import Measured, measures, path_curves, tile_measures


@pytest.fixture(scope="module")
def path_map(conv, noise):
    return IntegratedGradients(steps=20)(conv, noise(conv.size), Target(1, versus=2))


@pytest.fixture(scope="module")
def gradient(conv, noise):
    return Saliency()(conv, noise(conv.size), Target(0))


def rows(data):
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_a_row_holds_what_the_cards_show(path_map):
    finding = Finding("for", "It holds.", "It **holds** by 3\\%.", "")
    (row,) = rows(
        measures([Measured("a map", "x.png", path_map, Prediction(2, "class 2", 0.75, 3.0), {"Stability": finding})])
    )
    assert float(row["score"]) == path_map.score
    assert float(row["gap"]) == path_map.gap
    assert float(row["sum"]) == pytest.approx(float(path_map.values.sum()), rel=1e-4)
    assert (row["label"], row["versus"], row["prediction"], row["probability"]) == (
        "class 1",
        "class 2",
        "class 2",
        "0.75",
    )
    assert row["passes"] == str(path_map.facts.passes)
    assert row["error"] == ""
    assert "steps=20" in row["settings"]
    assert (row["Stability, speaks"], row["Stability"]) == ("for", "It holds by 3%.")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r\n=1"])
def test_a_strangers_text_is_no_formula(name):
    (row,) = rows(measures([Measured("a", name, None, reason="no map")]))
    assert row["picture"] == f"'{name}"


def test_any_text_can_be_written(path_map):
    (row,) = rows(measures([Measured('a "b", c;\nd', "фото\ud800.png", path_map)]))
    assert row["map"] == 'a "b", c;\nd'
    assert row["picture"] == "фото?.png"


def test_tiles_have_a_row_each_and_their_agreement(conv, path_map, gradient):
    tiles = [Tile("A", "", gradient), Tile("B", "no map"), Tile("C", "", path_map)]
    agreement = {"SSIM": np.array([[1.0, 0.25], [0.25, np.nan]])}
    first, second, third = rows(tile_measures(tiles, (conv.identity, Prediction(0, "class 0", 0.5, 1.0)), agreement))
    assert [row["map"] for row in (first, second, third)] == ["1: A", "2: B", "3: C"]
    assert second["reason"] == "no map"
    assert second["score"] == ""
    assert first["prediction"] == "class 0"
    assert (first["SSIM with 1"], first["SSIM with 3"], third["SSIM with 3"]) == ("1.0", "0.25", "")


def test_curves_are_those_of_the_trace(path_map):
    table, trace = rows(path_curves(path_map)), path_map.trace
    for name in ("alpha", "logit", "cumulative", "gradient_size"):
        values = getattr(trace, "alphas" if name == "alpha" else f"{name}s" if name == "logit" else name)
        assert [float(row[name]) for row in table] == [float(value) for value in values]


def test_what_tests_of_a_tile_found_stands_in_its_row(gradient):
    tiles, finding = (
        [Tile("a", "", gradient), Tile("b", "no map"), Tile("c", "", gradient)],
        Finding("for", "", "So.", ""),
    )
    first, second, third = rows(tile_measures(tiles, findings=[{}, {}, {"Stability": finding}]))
    assert (third["Stability, speaks"], third["Stability"]) == ("for", "So.")
    assert first["Stability"] == second["Stability"] == ""
