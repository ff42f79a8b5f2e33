"""What files say of their classifiers is kept where it makes sense, and is nothing where it doesn't."""

import pytest

from explainers.classifiers.own.facts import NOTHING, FileFacts, from_hugging_face, from_timm, from_training


@pytest.mark.parametrize(
    "said",
    [
        {"classes": True},
        {"classes": 0},
        {"classes": 10**9},
        {"classes": "7"},
        {"labels": []},
        {"labels": ["a", 3]},
        {"labels": ["a", "\x1b[2J"]},
        {"labels": ["a", "x" * 201]},
        {"labels": {"0": "a", "2": "b"}},
        {"size": 10**6},
        {"size": 224.0},
        {"mean": [0.5, 0.5]},
        {"mean": [float("nan")] * 3},
        {"mean": [10**400] * 3},
        {"std": [0, 1, 1]},
        {"interpolation": "magic"},
        {"crop_pct": 0},
        {"crop_pct": float("inf")},
        {"output": "exec"},
        {"library": "evil"},
        {"architecture": "a\nb"},
        {"architecture": ["a"]},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_left_out(said):
    assert FileFacts.checked(said) == NOTHING


def test_what_makes_sense_survives_being_written():
    facts = FileFacts("timm", "resnet18", 2, ("a", "b"), 224, (0.5,) * 3, (0.1,), "bicubic", 0.9, "sigmoid")
    assert FileFacts.checked(facts.as_json()) == facts


def test_labels_that_are_not_as_many_as_the_classes_are_left_out():
    assert FileFacts.checked({"labels": ["a", "b"], "classes": 3}) == FileFacts(classes=3)


@pytest.mark.parametrize(
    "said",
    [
        {"class_to_idx": {"cat": 0, "dog": 1}},
        {"idx_to_class": {0: "cat", 1: "dog"}},
        {"classes": ["cat", "dog"]},
        {"hyper_parameters": {"label_names": ("cat", "dog")}},
        {"config": {"id2label": {"1": "dog", "0": "cat"}}},
    ],
    ids=str,
)
def test_labels_are_found_in_the_forms_that_people_save(said):
    assert from_training(said) == FileFacts(classes=2, labels=("cat", "dog"))


@pytest.mark.parametrize(
    ("said", "size"),
    [(224, 224), ([3, 160, 192], 160), ((128, 96), 96), ("224", None), ([1, 2, 3, 4], None), ([0, 9], None)],
)
def test_sizes_are_read_however_they_are_written(said, size):
    assert from_training({"img_size": said}).size == size
    assert from_timm({"pretrained_cfg": {"input_size": said}}).size == size


@pytest.mark.parametrize(
    ("processing", "size", "crop_pct"),
    [
        ({"size": 224}, 224, None),
        ({"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}}, 224, 0.875),
        ({"size": {"shortest_edge": 256}, "crop_size": 224, "do_center_crop": False}, 256, None),
        ({"size": {"height": 384, "width": 384}}, 384, None),
        ({"size": {"shortest_edge": 224}, "crop_pct": 0.95}, 224, 0.95),
        ({}, 100, None),
    ],
)
def test_hugging_faces_sizes_are_read(processing, size, crop_pct):
    facts = from_hugging_face({"image_size": 100}, processing)
    assert (facts.size, facts.crop_pct) == (size, crop_pct)


@pytest.mark.parametrize(
    ("processing", "mean", "std"),
    [
        ({"image_mean": [0.5] * 3, "image_std": [0.25] * 3}, 0.5, 0.25),
        ({"image_mean": [0.5] * 3, "image_std": [0.25] * 3, "do_normalize": False}, 0, 1),
        ({"image_mean": [127.5] * 3, "image_std": [51] * 3, "do_rescale": False}, 0.5, 0.2),
        ({"image_mean": [1] * 3, "image_std": [1] * 3, "rescale_factor": 2 / 255}, 0.5, 0.5),
    ],
)
def test_hugging_faces_numbers_are_for_pixels_from_0_to_1(processing, mean, std):
    facts = from_hugging_face({}, processing)
    assert facts.mean == pytest.approx([mean] * 3)
    assert facts.std == pytest.approx([std] * 3)


def test_labels_that_transformers_fills_in_are_none():
    facts = from_hugging_face(
        {"id2label": {"0": "LABEL_0", "1": "LABEL_1"}, "problem_type": "multi_label_classification"}, {}
    )
    assert (facts.labels, facts.classes, facts.output) == (None, 2, "sigmoid")
