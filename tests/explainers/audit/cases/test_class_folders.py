"""The class of a picture is the folder it lies in, wherever the data set begins."""

import pytest

from explainers.audit.cases.class_folders import labels_by_folder


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["cat/1.jpg", "dog/2.jpg"], ["cat", "dog"]),
        (["1.jpg", "2.jpg"], [None, None]),
        (["cat/1.jpg", "2.jpg"], ["cat", None]),
        (["cat/1.jpg"], ["cat"]),
        (["train/cat/1.jpg", "val/dog/2.jpg"], ["cat", "dog"]),
        (["Train/cat/1.jpg", "TEST/2.jpg"], ["cat", None]),
        (["train/1.jpg", "val/2.jpg"], [None, None]),
        (["data/set/train/cat/1.jpg", "data/set/test/dog/2.jpg"], ["cat", "dog"]),
        (["train/images/cat/1.jpg", "train/images/dog/2.jpg"], ["cat", "dog"]),
        (["train/1.jpg", "bus/2.jpg"], ["train", "bus"]),  # two vehicles, and no part of a data set
        (["cat/persian/1.jpg", "dog/2.jpg", "dog/pug/3.jpg"], ["cat", "dog", "dog"]),
        (["train/n01443537/images/1.jpg", "train/n01629819/images/2.jpg"], ["n01443537", "n01629819"]),
        ([], []),
    ],
)
def test_the_class_is_the_upper_folder_below_those_that_hold_all(names, labels):
    assert [*labels_by_folder(names).values()] == labels
