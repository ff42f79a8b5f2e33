"""Boxes, hits and hiding, by hand."""

import pickle

import numpy as np
import pytest
import torch
from PIL import Image

from explainers import Explanation, ExplanationError, GradCAM, InputXGradient, Saliency, Target
from explainers.arrays import nbytes
from explainers.experiments import Hidden, Pointing, hit
from explainers.experiments.pointing.boxes import distances, elsewhere, held


class Sum(torch.nn.Module):
    """Class 0: the sum of all pixels of the first channel; class 1: of none."""

    def forward(self, x):
        return torch.stack([x[:, 0].sum((1, 2)), 0 * x[:, 0].sum((1, 2))], 1)


@pytest.fixture
def drawn(facts):
    """(heat, view, reduction="sum of magnitudes") -> an explanation with that map on that part of the photo."""

    def make(heat, view=None, reduction="sum of magnitudes"):
        values = np.array(heat, np.float32)[None]
        height, width = values.shape[1:]
        view = view or (0.0, 0.0, float(width), float(height))
        return Explanation(np.zeros((3, height, width), np.float32), view, values, Target(0), 0.0, facts(), reduction)

    return make


RAMP = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]  # sums to 78


def test_a_box_holds_its_share_of_the_attribution(drawn):
    found = hit(drawn(RAMP), (1, 1, 3, 3))  # columns 1 and 2 of rows 1 and 2: 6 + 7 + 10 + 11
    assert found.inside == pytest.approx(34 / 78)
    assert found.area == pytest.approx(4 / 12)
    assert found.positive is None
    assert (found.peak, found.peaks.tolist()) == (0, [[2, 3]])
    assert found.centre  # (2, 1.5) lies in it
    assert found.unseen == 0


def test_the_peak_hits_within_the_tolerance(drawn):
    # The peak's middle is at (3.5, 2.5): half a pixel right of a box that ends at 3; of one that ends at (3, 2),
    # half a pixel right and half below, sqrt(.5) = .707 away.
    assert [hit(drawn(RAMP), (1, 1, 3, 3), tolerance=t).peak for t in (0.4, 0.5)] == [0, 1]
    assert [hit(drawn(RAMP), (1, 1, 3, 2), tolerance=t).peak for t in (0.7, 0.71)] == [0, 1]


def test_tolerance_widens_the_aim_but_not_the_box(drawn):
    near, far = (hit(drawn(RAMP), (0, 0, 1, 1), tolerance=t) for t in (0, 2))
    assert (near.inside, near.area) == (far.inside, far.area) == (pytest.approx(1 / 78), pytest.approx(1 / 12))
    assert (near.centre, far.centre) == (False, True)  # the middle (2, 1.5) is sqrt(1 + .25) = 1.1 away


def test_several_equal_peaks_count_by_their_share(drawn):
    heat = [[0, 9, 0, 9], [9, 0, 0, 0]]
    found = hit(drawn(heat), (0, 0, 2, 2))
    assert found.peak == pytest.approx(2 / 3)
    assert found.inside == pytest.approx(2 / 3)
    flat = hit(drawn(np.ones((2, 4))), (0, 0, 1, 2))
    assert (flat.peak, flat.inside, flat.area) == (0.25, 0.25, 0.25)


def test_peaks_that_only_rounding_parts_are_equal(drawn):
    heat = np.float32([[0.3, 0.3, 0.2], [0.1, 0.29999, 0.1]])
    heat[0, 1] = np.nextafter(heat[0, 0], np.float32(1))
    assert hit(drawn(heat), (0, 0, 1, 1)).peaks.tolist() == [[0, 0], [0, 1]]
    assert hit(drawn(heat), (0, 0, 1, 1)).peak == 0.5


def test_of_a_signed_map_the_peak_speaks_for_the_class(drawn):
    found = hit(drawn([[-9, 2], [1, 0]], reduction="signed sum"), (1, 0, 2, 1))
    assert found.peak == 1
    assert found.inside == pytest.approx(2 / 12)
    assert found.positive == pytest.approx(2 / 3)


@pytest.mark.parametrize(("heat", "inside"), [([[0.0, 0.0]], None), ([[-1.0, -3.0]], 0.25)], ids=["zero", "against"])
def test_a_map_with_nothing_for_the_class_has_no_peak(drawn, heat, inside):
    found = hit(drawn(heat, reduction="signed sum"), (0, 0, 1, 1))
    assert (found.peak, found.inside, found.positive) == (None, inside, None)


def test_any_of_several_boxes_counts(drawn):
    found = hit(drawn(RAMP), (0, 0, 1, 1), (3, 2, 4, 3))
    assert found.peak == 1
    assert found.inside == pytest.approx(13 / 78)
    assert found.area == pytest.approx(2 / 12)


def test_a_box_is_in_pixels_of_the_photo(classify, small):
    # A photo of 80 x 40 whose middle 40 x 40 is seen at 20 x 20: the view is (20, 0, 60, 40), 2 photo pixels each.
    # A box (30, 10, 50, 30) of it is columns 5 to 15 and rows 5 to 15: 100 of 400 pixels.
    classifier = classify(small(), (20, 20))
    found = Saliency()(classifier, Image.new("RGB", (80, 40), "red"), Target(0))
    assert found.box == (20, 0, 60, 40)
    mask = held([(30, 10, 50, 30)], found.box, (20, 20))
    assert mask[5:15, 5:15].all()
    assert mask.sum() == 100
    assert hit(found, (30, 10, 50, 30)).inside == pytest.approx(found.heat[5:15, 5:15].sum() / found.heat.sum())


def test_what_lies_outside_the_view_does_not_count(drawn):
    found = hit(drawn(RAMP, view=(20.0, 0.0, 60.0, 30.0)), (0, 0, 30, 30))  # the first column of pixels of 10
    assert found.inside == pytest.approx(15 / 78)
    assert found.area == pytest.approx(3 / 12)
    assert found.unseen == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("box", "said"),
    [((0, 0, 20, 30), "outside"), ((31, 11, 33, 13), "too small"), ((30, 10, 30, 20), "left edge")],
    ids=["outside", "small", "empty"],
)
def test_a_box_that_holds_nothing_is_refused(drawn, box, said):
    with pytest.raises(ExplanationError, match=said):
        hit(drawn(RAMP, view=(20.0, 0.0, 60.0, 30.0)), box)


def test_distances_are_those_of_the_pixels_middles():
    # A box that is the pixel at row 0, column 0: the middle of the next one is half a pixel from its edge.
    expected = [[0, 0.5, 1.5], [0.5, 0.5**0.5, 2.5**0.5]]
    np.testing.assert_allclose(distances([(0, 0, 1, 1)], (0, 0, 3, 2), (2, 3)), expected)


def test_other_places_are_as_large_and_share_little():
    mask = np.zeros((8, 8), bool)
    mask[2:6, 2:6] = True
    others = elsewhere(mask)  # the middle is the box itself; the edges share half, the corners 4 of 16 pixels
    assert len(others) == 4
    assert all(other.sum() == 16 and (other & mask).sum() == 4 for other in others)


def test_instead_of_a_large_box_all_the_rest_is_hidden():
    mask = np.zeros((8, 8), bool)
    mask[1:7, 1:7] = True  # as large a box in a corner would share 25 of 36 pixels with it
    (rest,) = elsewhere(mask)
    assert np.array_equal(rest, ~mask)
    assert elsewhere(np.ones((8, 8), bool)) == []


@pytest.mark.parametrize(
    ("hidden", "others", "larger", "needed"),
    [
        (4.0, [5.0, 9.0], 1.0, True),  # falls of 6 against 5 and 1
        (6.0, [5.0, 9.0], 1.0, None),  # 4 lies between them, above their median of 3
        (7.0, [5.0, 9.0], 1.0, False),  # 3 is their median
        (10.5, [11.0], 1.0, False),  # the score rises
        (4.0, [5.0], 2.0, True),  # hurts more than to hide twice as much
        (6.0, [5.0], 2.0, None),  # hurts less, but is smaller
        (4.0, [5.0], 0.5, None),  # hurts more, but is larger
        (6.0, [5.0], 0.5, False),  # hurts less, though it is larger
        (4.0, [], 0.0, None),
    ],
)
def test_what_is_needed_hurts_more_than_as_much_elsewhere(hidden, others, larger, needed):
    found = Hidden(np.zeros((3, 1, 1)), (), 10.0, hidden, np.array(others), larger)
    assert found.needed is needed


@pytest.fixture
def summed(classify):
    """A classifier whose logit is the sum of the first channel's pixels, 6 x 6."""
    return classify(Sum(), (6, 6), classes=2)


def test_hiding_takes_away_what_was_there(summed, noise, question):
    # Black over the box: the sum loses its 4 pixels, and nothing else.
    picture = noise((6, 6))
    explainer, box = InputXGradient(), (0, 0, 2, 2)
    explanation = explainer(summed, picture, Target(0))
    found = Pointing(box=box, fill="black")(explainer, question(summed, picture), explanation).hidden
    assert found.score == pytest.approx(float(picture[0].sum()), rel=1e-5)
    assert found.fall == pytest.approx(float(picture[0, :2, :2].sum()), rel=1e-4)
    assert len(found.elsewhere) == 8
    falls = sorted(found.score - found.elsewhere)
    windows = [picture[0, r : r + 2, c : c + 2].sum() for r in (0, 2, 4) for c in (0, 2, 4) if r or c]
    assert falls == pytest.approx(sorted(map(float, windows)), rel=1e-4)
    assert np.array_equal(found.picture[:, 2:], picture[:, 2:])
    assert not found.picture[:, :2, :2].any()
    before, after = (torch.tensor([float(s), 0.0]).softmax(0)[0] for s in (found.score, found.hidden))
    assert found.answers[0] == ("class 0", pytest.approx(float(before)), pytest.approx(float(after)))


@pytest.mark.parametrize(
    ("object_at", "box", "speaks", "reason"),
    [
        ((1, 1), (0, 0, 3, 3), "for", "hurts most"),
        ((4, 4), (0, 0, 3, 3), "neither", "may go by something else"),
    ],
    ids=["in the box", "elsewhere"],
)
def test_what_follows_from_box_map_and_hiding(summed, question, object_at, box, speaks, reason):
    picture = torch.zeros(3, 6, 6)
    picture[:, object_at[0], object_at[1]] = 1
    explainer = InputXGradient()
    explanation = explainer(summed, picture, Target(0))
    finding = Pointing(box=box, fill="black")(explainer, question(summed, picture), explanation).finding
    assert finding.speaks == speaks
    assert reason in finding.sentence
    assert finding.sentence.startswith(finding.line)
    assert "may be right" in finding.caveat


def test_a_map_that_points_away_from_what_is_needed_speaks_against_itself(summed, question):
    picture = torch.zeros(3, 6, 6)
    picture[:, 1, 1] = 1
    wrong = InputXGradient()(summed, picture.flip(1, 2), Target(0))  # the map of another picture
    finding = Pointing(box=(0, 0, 3, 3), fill="black")(InputXGradient(), question(summed, picture), wrong).finding
    assert finding.speaks == "against"
    assert "points elsewhere" in finding.sentence


def test_a_box_around_everything_proves_nothing(summed, noise, question):
    explanation = Saliency()(summed, noise((6, 6)), Target(0))
    outcome = Pointing(box=(0, 0, 6, 6))(Saliency(), question(summed, noise((6, 6))), explanation)
    assert outcome.finding.speaks == "neither"
    assert "any map would hit" in outcome.finding.sentence
    assert outcome.numbers["score's fall, hidden elsewhere"] is None


def test_it_costs_what_it_says_and_reports(conv, noise, question):
    asked, seen = question(conv, noise(conv.size), Target(1)), []
    experiment, explainer = Pointing(box=(3, 3, 9, 9)), GradCAM()
    explanation = explainer.explain(asked)
    outcome = experiment(explainer, asked, explanation, on_progress=seen.append)
    assert len(seen) == seen[0].total == 2 + len(outcome.hidden.elsewhere) <= experiment.passes(explainer, conv)
    assert [each.done for each in seen] == list(range(len(seen)))
    again = pickle.loads(pickle.dumps(experiment(explainer, asked, explanation)))
    assert again.numbers == outcome.numbers
    assert nbytes(outcome) >= outcome.hidden.picture.nbytes


def test_without_a_box_there_is_nothing_to_ask(conv, noise, question):
    picture = noise(conv.size)
    with pytest.raises(ExplanationError, match="Draw a box"):
        Pointing()(Saliency(), question(conv, picture), Saliency()(conv, picture, Target(0)))
