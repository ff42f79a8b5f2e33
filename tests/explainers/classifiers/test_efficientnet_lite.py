"""The network is timm's, number by number."""

import pytest
import timm
import torch

from explainers.classifiers.efficientnet_lite import EfficientNetLite0


@pytest.fixture(scope="module")
def pair():
    """The network and timm's, with the same random weights."""
    torch.manual_seed(0)
    theirs = timm.create_model("tf_efficientnet_lite0", num_classes=10).eval()
    for buffer in theirs.buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 1.5)
    ours = EfficientNetLite0(10).eval()
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True)))
    return ours, theirs


@pytest.mark.parametrize("size", [(64, 64), (65, 33), (50, 39)], ids=str)
def test_it_answers_as_timms_does_whether_sides_are_even_or_odd(pair, size):
    ours, theirs = pair
    pictures = torch.randn((1, 3, *size), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(ours(pictures), theirs(pictures))
