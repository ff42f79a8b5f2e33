"""The names of classes, in whatever form people have them."""

import json

import pytest

from explainers import ExplanationError
from explainers.classifiers.own.labels import MAX_CHARACTERS, read_labels

THREE = ("cat", "dog", "red fox")


@pytest.mark.parametrize(
    "text",
    [
        "cat\ndog\nred fox\n",
        "\ufeffcat\r\ndog\r\nred   fox\r\n\r\n",
        "cat, dog, red fox",
        'cat, dog, "red fox"',
        "0: cat\n1: dog\n2: red fox",
        "2: red fox\n0: cat\n1: dog",
        "1) cat\n2) dog\n3) red fox",
        "0 = cat\n1 = dog\n2 = red fox",
        "name\ncat\ndog\nred fox",
        "id,label\n0,cat\n1,dog\n2,red fox",
        "1,dog\n0,cat\n2,red fox",
        "0\tcat\n1\tdog\n2\tred fox",
        "name;index\ncat;0\nred fox;2\ndog;1",
        "wnid,class\nn02,cat\nn01,dog\nn03,red fox",
        "index,wnid,name\n0,n02,cat\n1,n01,dog\n2,n03,red fox",
        json.dumps(THREE),
        json.dumps({"0": "cat", "1": "dog", "2": "red fox"}),
        json.dumps({"2": "red fox", "0": "cat", "1": "dog"}),
        json.dumps({"red fox": 2, "cat": 0, "dog": 1}),
        json.dumps({"0": ["n02", "cat"], "1": ["n01", "dog"], "2": ["n03", "red fox"]}),
        json.dumps([{"name": "cat"}, {"name": "dog"}, {"name": "red fox"}]),
        json.dumps({"model_type": "vit", "id2label": {"0": "cat", "1": "dog", "2": "red fox"}}),
    ],
)
def test_every_form_gives_the_names_in_order(text):
    assert read_labels(text, 3) == THREE


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("tench, Tinca tinca\ngoldfish, Carassius auratus", ("tench, Tinca tinca", "goldfish, Carassius auratus")),
        ("0: tench, Tinca tinca\n1: goldfish", ("tench, Tinca tinca", "goldfish")),
        ("0\n1", ("0", "1")),
        ("[0, 1]", ("0", "1")),
        ('"a, b"\n"c, d"', ('"a, b"', '"c, d"')),
        ("*a_b*\n<b>$x$</b>\x07", ("*a_b*", "<b>$x$</b>")),
    ],
)
def test_names_stay_as_they_are(text, names):
    assert read_labels(text, 2) == names


def test_one_class_has_one_name_with_commas():
    assert read_labels("cat, of any kind", 1) == ("cat, of any kind",)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("  \n ", "There are no names. Give 3 names, one a line."),
        ("cat\ndog", "There are 2 names for 3 classes."),
        ("cat", "There is 1 name for 3 classes."),
        ("cat\n\nred fox", "Class 1 has no name: its line is blank."),
        ("cat\ndog\ncat", "Class 0 and class 2 are both called 'cat'."),
        ("0: cat\n0: dog\n2: red fox", "The number 0 appears twice"),
        ("0: cat\n1: dog\n3: red fox", "There is no name with the number 2. Number the 3 classes from 0."),
        ("[cat, dog]", r"The names look like JSON, but can't be read in line 1."),
        ("[" * 100_000, "The names look like JSON, but can't be read"),
        ('{"a": "cat"}', "must map numbers to names, or names to numbers"),
        ("[null, 1, 2]", "Each name in JSON must be a text."),
        (f"cat\ndog\n{'x' * 201}", "The name of class 2 has 201 characters; up to 200 are read."),
        ("x" * (MAX_CHARACTERS + 1), "The names have 1,000,001 characters; up to 1,000,000 are read."),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(text, sentence):
    with pytest.raises(ExplanationError) as caught:
        read_labels(text, 3)
    assert sentence in str(caught.value)
