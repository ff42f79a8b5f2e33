"""A label names one class for certain, or none."""

import pytest
from timm.data import ImageNetInfo

from explainers.audit.cases.labels import match
from explainers.classifiers.published import labels_of

IMAGENET, POCKET = labels_of("imagenet_classes.csv"), labels_of("classes.csv")


@pytest.mark.parametrize(
    ("label", "classes", "index"),
    [
        ("cat", ("dog", "cat"), 1),
        ("Fire_Truck", ("dog", "fire truck"), 1),
        ("  fire-TRUCK ", ("dog", "fire truck"), 1),
        ("1", ("1", "0"), 0),  # a name comes before a number
        ("tabby", IMAGENET, 281),
        ("n02123045", IMAGENET, 281),
        ("N02123045", POCKET, 18),
        ("tabby cat", IMAGENET, 281),
        ("tabby, tabby cat", POCKET, 18),
        ("Cardigan", IMAGENET, 264),
        ("cardigan", IMAGENET, 474),
        ("tench, Tinca tinca", IMAGENET, 0),
    ],
)
def test_a_label_names_a_class(label, classes, index):
    found = match([label], classes)
    assert (dict(found.classes), found.notes) == ({label: index}, ())


@pytest.mark.parametrize(
    ("label", "classes", "said"),
    [
        ("CARDIGAN", IMAGENET, "could mean 'Cardigan' or 'cardigan'"),
        ("a_b", ("a b", "A-B", "c"), "could mean 'a b' or 'A-B'"),
        ("tiger", IMAGENET[:1], "1 of 1 label can't be matched to a class of the classifier: tiger."),
        ("1.5", ("a", "b"), "1.5"),
        ("-1", ("a", "b"), "-1"),
        ("", ("a", "b"), "1 of 1 label"),
        ("n99999999", IMAGENET, "n99999999"),
    ],
)
def test_what_could_be_two_classes_or_is_none_is_said_and_not_guessed(label, classes, said):
    found = match([label], classes)
    assert not found.classes
    assert said in " ".join(found.notes)


def test_a_name_that_wordnet_has_for_something_else_as_well_is_none():
    bird = ImageNetInfo().label_names()[134]
    assert bird == "n02012849"
    found = match(
        ["crane"], tuple("the bird" if name == "crane bird" else name for name in IMAGENET if name != "crane")
    )
    assert not found.classes  # these aren't ImageNet's classes in their order
    found = match(["crane"], tuple(f"{name} machine" if name == "crane" else name for name in IMAGENET))
    assert "could mean" in found.notes[0]


def test_numbers_that_begin_at_one_are_refused_together():
    found = match(["1", "2", "3", None], ("a", "b", "c"))
    assert not found.classes
    assert "go up to 3, and those of the classes from 0 to 2" in found.notes[0]
    assert dict(match(["0", "2", None], ("a", "b", "c")).classes) == {"0": 0, "2": 2}


def test_numbers_are_said_to_be_taken_for_classes_from_0():
    found = match(["2.0", "1", "1"], ("a", "b", "c", "d"))
    assert dict(found.classes) == {"1": 1, "2.0": 2}
    assert found.notes == ("Labels that are numbers are taken for the numbers of classes, from 0: '1' is 'b'.",)


def test_pictures_are_counted_and_labels_named():
    found = match(["cat", "cow", "cow", "emu", "fox", "gnu", None, None], ("cat", "dog"))
    assert found.notes == (
        "4 of 5 labels can't be matched to a class of the classifier: cow, emu, fox and 1 more. "
        "5 pictures count as without a label.",
    )


def test_all_ids_and_almost_all_names_of_imagenet_find_their_class():
    ids, names = ImageNetInfo().label_names(), ImageNetInfo().label_descriptions()
    found = match(ids, IMAGENET).classes
    assert [found[each] for each in ids] == [*range(1000)]
    found = match(names, IMAGENET).classes
    assert {index for index, name in enumerate(names) if found.get(name) != index} == {134}  # both cranes are "crane"
    assert match(ids, names).classes[ids[5]] == 5  # Hugging Face's names of the same classes
