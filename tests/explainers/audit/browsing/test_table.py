"""The rows of a run as arrays: what is there, what is missing, and what comes while it is read."""

import numpy as np
import pytest

from explainers import ExplanationError
from explainers.audit.browsing.overview import accuracy, overview, written
from explainers.audit.browsing.table import read_table
from explainers.audit.runs.columns import UNKNOWN
from explainers.audit.runs.place import CASES
from explainers.audit.runs.rows import MAP_SIDE
from explainers.audit.runs.run import Run
from tools.made_run import INDEX, LABELS, made_run


@pytest.fixture
def made(tmp_path):
    """(pictures=20, parts=None) -> a run in parts of eight."""
    return lambda pictures=20, parts=None: made_run(
        tmp_path / "run", tmp_path / "pictures", pictures, parts, part=8, seed=1
    )


def test_rows_become_arrays_in_the_order_of_their_numbers(made):
    run = made(120)
    table = read_table(run)
    assert table.numbers.tolist() == [*range(120)]
    assert table.names == {index: name for name, index in INDEX.items()}
    row = run.row(7)
    assert table.measures["gap"][7] == pytest.approx(row["gap"])
    assert table.maps[7] == pytest.approx(np.array(row["map"]).reshape(MAP_SIDE, MAP_SIDE))
    assert table.paths[7] == row["path"]
    broken = table.errors.index("This file is no picture that can be read.")
    assert not table.has_map[broken]
    assert not table.maps[broken].any()
    assert np.isnan(table.measures["gap"][broken])
    assert (table.predictions[broken], table.correct[broken]) == (UNKNOWN, UNKNOWN)


def test_what_isnt_there_yet_is_no_row_and_comes_when_it_is(made):
    run = made(20, parts=1)
    table = read_table(run)
    assert len(table) == 8
    assert read_table(run) is table  # nothing is read twice
    assert table.places(np.array([5, 19, 2, 400, -1])).tolist() == [5, 2]
    whole = made_run(run.folder.with_name("whole"), run.folder.with_name("pictures"), 20, part=8, seed=1)
    run.write_part(2, [whole.row(number) for number in run.plan.numbers(2)])
    later = read_table(run)
    assert later.numbers.tolist() == [*range(8), *range(16, 20)]
    assert later.places(np.array([17, 9])).tolist() == [9]


def test_a_part_that_was_made_anew_is_read_anew(made):
    run = made(20)
    table, rows = read_table(run), [run.row(number) for number in run.plan.numbers(1)]
    run.part_file(1).unlink()
    run.write_part(1, [row | {"gap": 0.5} for row in rows])
    assert (read_table(run).measures["gap"][8:16] == 0.5).all()
    assert not (table.measures["gap"][8:16] == 0.5).any()


def test_a_run_without_rows_is_an_empty_table(made):
    table = read_table(made(20, parts=0))
    assert len(table) == 0
    assert table.places(np.array([0, 1])).tolist() == []
    assert table.mean_map(np.zeros(0, int)) is None
    assert accuracy(table) is None
    assert [number.value for number in overview(table)] == ["0"]


def test_a_damaged_part_is_said_to_be(made):
    run = made()
    run.part_file(1).write_bytes(b"PAR1 and no more")
    with pytest.raises(ExplanationError, match="damaged"):
        read_table(Run.open(run.folder))


def test_the_mean_map_is_that_of_the_maps_alone(made):
    table = read_table(made(120))
    places = np.arange(90, 110)  # one of them is broken
    mapped = places[table.has_map[places]]
    assert len(mapped) == 19
    assert table.mean_map(places) == pytest.approx(table.maps[mapped].astype(float).mean(0), rel=1e-3)


def test_the_overview_has_the_numbers_of_the_rows(made):
    table = read_table(made(120))
    numbers = {number.title: number for number in overview(table)}
    assert numbers["Pictures"].value == "120"
    assert numbers["Pictures"].hint == "1 of them without a map."
    assert accuracy(table) == pytest.approx((table.correct == 1).sum() / 119)
    assert numbers["Accuracy"].value == written(accuracy(table), share=True)
    assert numbers["Gap, median"].value == written(float(np.nanmedian(table.measures["gap"])), share=True)
    assert "25.0% of the area" in numbers["In the box"].hint
    assert "Rejected" not in numbers  # nothing was tested
    assert written(float("nan"), share=True) == "–"


def test_where_no_picture_is_broken_none_is_counted(made):
    assert overview(read_table(made()))[0].hint == "All have a map."


@pytest.mark.parametrize("known", [0, 1, 4, 5])
def test_labels_that_name_no_class_are_said(made, tmp_path, known):
    of_classes = made(20)  # four pictures of each of five labels
    lost = sorted(LABELS[known:])
    unknown = {"label": None, "label_index": None, "correct": None}
    run = Run.create(tmp_path / "other", of_classes.plan, of_classes.cases)
    for part in range(run.plan.parts):
        rows = [of_classes.row(number) for number in run.plan.numbers(part)]
        run.write_part(part, [row | unknown if row["label"] in lost else row for row in rows])
    said = read_table(run).unmatched
    assert bool(said) == bool(lost)
    if lost:
        assert said.startswith(f"{len(lost)} of 5 labels can't be matched to a class of the classifier: {lost[0]}")
        assert said.endswith(f"{4 * len(lost)} pictures count as without a label.")


def test_a_damaged_list_of_pictures_says_nothing_of_labels_and_hides_no_row(made):
    run = made(20)
    (run.folder / CASES).write_bytes(b"no list")
    table = read_table(run)
    assert (len(table), table.unmatched) == (20, "")
