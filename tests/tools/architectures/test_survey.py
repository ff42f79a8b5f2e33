"""Rows of the shipped table against networks that are built anew."""

import pytest

from explainers.classifiers.own.fingerprint import Part
from explainers.classifiers.own.table import table, unpacked
from tools.architectures.building import Build
from tools.architectures.outlining import outline
from tools.architectures.packing import packed
from tools.architectures.survey import row_of

AUX = (("aux_logits", True), ("init_weights", False), ("transform_input", True))
BUILDS = (
    Build("torchvision", "resnet18"),
    Build("torchvision", "vit_b_32"),
    Build("torchvision", "regnet_y_400mf"),
    Build("torchvision", "googlenet", AUX),
    Build("timm", "test_vit"),
    Build("timm", "test_efficientnet"),
    Build("timm", "deit_tiny_distilled_patch16_224"),
    Build("timm", "mixer_s32_224"),
)


@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.name)
def test_the_shipped_row_is_that_of_the_network(build):
    _, row = row_of(build)
    assert row in table().fingerprints


def test_what_is_packed_is_unpacked():
    rows = [row_of(build) for build in BUILDS[:4]]
    read = unpacked(packed(rows))
    assert read.fingerprints == tuple(row for _, row in rows)
    assert list(read.architectures) == [key for key, _ in rows]


ONE = {"stem.weight": (8, 3, 4, 4), "pos": (1, 5, 8), "body.weight": (8, 8), "head.weight": (7, 8), "head.bias": (7,)}


def varied(**changes):
    return ONE | {name.replace("__", "."): shape for name, shape in changes.items()}


def test_what_varies_is_found_without_names():
    other = varied(stem__weight=(8, 5, 4, 4), head__weight=(13, 8), head__bias=(13,))
    found = outline(ONE, other, varied(pos=(1, 17, 8)), 8)
    assert found.parts == (
        Part("channels", "stem.weight", 1),
        Part("classes", "head.weight", 0),
        Part("classes", "head.bias", 0),
        Part("size", "pos", 1, 4, 1, True),
    )
    assert found.untold == ()
    assert found.head == ("head",)


def test_a_table_that_does_not_tell_the_size_is_left_blank():
    found = outline(ONE, ONE, varied(body__weight=(9, 9)), 8)
    assert (found.parts, found.untold) == ((), ("body.weight",))


def test_a_length_that_varies_otherwise_is_refused():
    with pytest.raises(ValueError, match=r"body\.weight is 8 long and then 9"):
        outline(ONE, varied(body__weight=(8, 9)), None, 8)


@pytest.mark.parametrize(
    ("part", "shape", "told"),
    [
        (Part("classes", "x", 0), (7, 3), 7),
        (Part("channels", "x", 1, 256), (8, 768), 3),
        (Part("channels", "x", 1, 256), (8, 769), None),
        (Part("size", "x", 1, 16, 1, True), (1, 197, 8), 224),
        (Part("size", "x", 1, 16, 1, True), (1, 198, 8), None),
        (Part("size", "x", 1, 16), (1, 14, 14, 8), 224),
        (Part("size", "x", 1, 16, 1, True), (1, 1, 8), None),
        (Part("classes", "x", 2), (7, 3), None),
    ],
)
def test_what_a_length_tells(part, shape, told):
    assert part.told(shape) == told
