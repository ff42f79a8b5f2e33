"""Ten files of the campaign `tools.own_files`, with small networks: one in each form that training programs save."""

import pytest

from tools.architectures.building import Build
from tools.own_files.judging import judge
from tools.own_files.networks import Case
from tools.own_files.wrapping import WRAPPERS

NETWORKS = (
    ("torchvision", "resnet18", 7, 3),
    ("torchvision", "squeezenet1_1", 2, 3),
    ("timm", "test_convnext", 11, 3),
    ("torchvision", "mobilenet_v3_small", 5, 1),
    ("timm", "test_resnet", 3, 4),
    ("timm", "test_efficientnet", 40, 3),
    ("torchvision", "shufflenet_v2_x0_5", 9, 3),
    ("timm", "test_vit", 6, 3),
    ("timm", "mobilenetv3_small_050", 13, 1),
    ("timm", "tf_mobilenetv3_small_075", 4, 3),
)


@pytest.mark.parametrize(("network", "wrapper"), [*zip(NETWORKS, WRAPPERS, strict=True)])
def test_a_file_is_recognised_and_its_network_answers_as_before(network, wrapper):
    library, name, classes, channels = network
    case = Case(Build(library, name), classes, channels, 0)
    outcome = judge(Case(case.build, classes, channels, case.row.architecture.size), wrapper)
    assert outcome.kind in ("recognised", "first of several", "among several"), outcome.said
    assert outcome.told
    assert outcome.difference <= 1e-5
