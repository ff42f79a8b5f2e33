"""Missed objects, rejected maps, confusions, edges and colours, in rows whose answers are known."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from explainers.audit.findings import borders, colours, confusion, displaced, missed
from explainers.audit.findings.causal import CausalTest, pasting
from explainers.audit.findings.listing import listed
from explainers.audit.findings.regions import in_words

from .conftest import blob, evidence_of

ONES = np.ones((60, 32, 32))
CLASSES = np.repeat([0, 1, 2], 20)


def boxed(shares, peaks, areas=0.25):
    evidence = evidence_of(ONES, CLASSES)
    measures = {"box_share": shares, "box_peak": peaks, "box_area": areas}
    scalars = {name: np.broadcast_to(values, 60).astype(float) for name, values in measures.items()}
    return replace(evidence, scalars={**evidence.scalars, **scalars})


def test_a_class_whose_maps_miss_the_object_is_found_with_the_worst_first():
    shares = np.full(60, 0.6)
    shares[20:35] = np.linspace(0.2, 0.01, 15)
    first, overall = missed.findings(boxed(shares, shares > 0.25))
    assert first.id == "missed-1"
    assert first.reported
    assert first.pictures == overall.pictures == tuple(range(34, 19, -1))
    assert "15 of 20 maps of one (75.0%)" in first.sentence
    assert (overall.id, overall.label, overall.reported, overall.sure) == ("missed", 1, False, 0.0)


def test_a_map_with_its_peak_or_its_share_in_the_box_does_not_miss():
    assert not missed.missing(boxed(0.2, 1.0))[1].any()
    assert not missed.missing(boxed(0.3, 0.0))[1].any()
    assert missed.missing(boxed(0.2, 0.0))[1].all()
    assert not missed.missing(boxed(0.0, 0.0, areas=0.0))[0].any()
    assert [*missed.findings(evidence_of(ONES, CLASSES))] == []


def test_a_class_whose_maps_are_rejected_is_found():
    verdicts = np.array(["for"] * 40 + ["against"] * 18 + ["", "neither"], dtype=object)
    evidence = evidence_of(ONES, CLASSES, removal=verdicts)
    beaten = np.arange(60.0)[::-1]
    scalars = {**evidence.scalars, "deletion_beaten": beaten, "insertion_beaten": beaten}
    (finding,) = displaced.findings(replace(evidence, scalars=scalars))
    assert (finding.id, finding.label, finding.reported) == ("displaced-2", 2, True)
    assert finding.pictures == tuple(range(57, 39, -1))
    assert "18 of 19 maps" in finding.sentence
    assert [*displaced.findings(evidence_of(ONES, CLASSES))] == []


def test_confusions_are_counted_by_label_and_prediction():
    predictions = CLASSES.copy()
    predictions[:16], predictions[45] = 2, 0
    evidence = evidence_of(ONES, CLASSES, predictions)
    cells = {(cell.label, cell.prediction): len(cell.places) for cell in confusion.table(evidence)}
    assert cells == {(0, 0): 4, (0, 2): 16, (1, 1): 20, (2, 0): 1, (2, 2): 19}
    (finding,) = confusion.findings(evidence)
    assert finding.id == "confusion-0-2"
    assert finding.reported
    assert finding.pictures == tuple(range(16))
    assert finding.sentence == (
        "16 of 20 pictures of zero (80.0%) are taken for two. Of the other classes' pictures, 0.0% are."
    )
    assert len(finding.mean_map) == 1024
    assert confusion.table(replace(evidence, labels=np.full(60, -1))) == []


def test_confusion_that_all_classes_share_is_not_sure():
    predictions = CLASSES.copy()
    predictions[[*range(10), *range(20, 30)]] = 2
    assert [finding.sure for finding in confusion.findings(evidence_of(ONES, CLASSES, predictions))] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("place", "region"),
    [((2, 2), "upper left corner"), ((30, 29), "lower right corner"), ((31, 16), "lower border")],
)
def test_an_edge_is_named(place, region):
    generator = np.random.default_rng(0)
    maps = [blob(generator, 16, 16) for _ in range(60)]
    maps[20:30] = [blob(generator, *place) for _ in range(10)]
    regions = [edge for edge in borders.edges(evidence_of(maps, CLASSES)) if region in edge.region.where]
    assert [edge.index for edge in regions] == [1]
    assert {*regions[0].members} == {*range(20, 30)}


def test_maps_in_the_middle_have_no_edge():
    generator = np.random.default_rng(1)
    maps = [blob(generator, 16, 16) for _ in range(60)]
    assert borders.edges(evidence_of(maps, CLASSES)) == []


def test_recolouring_gives_a_picture_the_donors_mean_and_spread():
    generator = torch.Generator().manual_seed(0)
    receiver, donor = (0.4 + 0.2 * torch.rand((3, 8, 8), generator=generator) for _ in range(2))
    shifted = colours.recolour(receiver, donor)
    assert torch.allclose(shifted.mean((1, 2)), donor.mean((1, 2)), atol=1e-5)
    assert torch.allclose(shifted.std((1, 2)), donor.std((1, 2)), atol=1e-5)
    assert torch.allclose(colours.recolour(receiver, receiver), receiver, atol=1e-6)
    flat = colours.recolour(torch.full((3, 8, 8), 0.5), donor)
    assert flat.isfinite().all()
    assert flat.std() < 0.1


def test_pasting_moves_the_cells_and_nothing_else():
    receiver, donor = torch.zeros(3, 48, 48), torch.ones(3, 48, 48)
    pasted = pasting((0, 1, 32, 33))(receiver, donor)
    assert pasted[:, :3, :3].min() == 1
    assert pasted.sum() == 3 * 9
    assert pasting((1023,))(torch.zeros(1, 224, 96), torch.ones(1, 224, 96))[0, 217:, 93:].min() == 1
    assert receiver.sum() == 0


def test_the_effect_counts_flips_and_those_of_the_control(world):
    test = CausalTest(world.evidence, world)
    bearing, others = np.flatnonzero(world.marked), np.flatnonzero((world.classes == 1) & ~world.marked)
    corner = tuple(row * 32 + column for row in range(24, 32) for column in range(8))
    effect = test.effect(1, pasting(corner), bearing, others)
    assert (effect.flips, effect.trials, effect.control_flips, effect.control_trials) == (20, 20, 0, 20)
    assert (effect.score, effect.sure) == (1.0, pytest.approx(0.772, abs=0.001))
    assert test.effect(1, pasting(corner), bearing[:5], others) is None
    assert test.effect(1, pasting(corner), bearing, others[:0]) is None


def test_pictures_of_a_reported_finding_are_tried_one_by_one(world, monkeypatch):
    test = CausalTest(world.evidence, world)
    bearing = np.flatnonzero(world.marked)
    others = np.flatnonzero((world.classes == 1) & ~world.marked)
    change = pasting(tuple(row * 32 + column for row in range(24, 32) for column in range(8)))
    members, rest = np.concatenate([others[:3], bearing[2:]]), np.concatenate([bearing[:2], others[3:]])
    effect = test.effect(1, change, members, rest)
    places, said = listed(test, 1, change, effect, members, rest)
    assert {*places} == {*bearing}
    assert said == (" After trying 40 pictures one by one, 3 of these are left out and 2 others are added.")
    world.lost = {int(bearing[5])}
    assert {*listed(test, 1, change, effect, members, rest)[0]} == {*bearing} - world.lost
    unsure = replace(effect, flips=effect.control_flips)
    for case in ((None, effect), (test, None), (test, unsure)):
        places, said = listed(case[0], 1, change, case[1], members, rest)
        assert (places.tolist(), said) == (members.tolist(), "")
    monkeypatch.setattr("explainers.audit.findings.listing.MOST_TRIED", 39)
    assert listed(test, 1, change, effect, members, rest)[0].tolist() == members.tolist()


def test_receivers_are_of_all_other_classes_alike(world):
    world.classes[80:110] = 0  # 70 of class 0, 10 of class 2
    test, taken = CausalTest(world.evidence, world), []
    world.seen = lambda number: taken.append(number) or world.pictures[number]
    test.others(1)
    assert {*world.classes[taken[:20]]} == {0, 2}
    assert sum(world.classes[taken[:20]] == 2) == 10


def test_regions_are_named():
    assert in_words((0, 1)) == "in the upper left"
    assert in_words((32 * 16 + 16,)) == "in the middle"
    assert in_words((1023,)) == "in the lower right"
