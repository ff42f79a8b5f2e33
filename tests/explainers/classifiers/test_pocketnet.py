from pathlib import Path

import torch
from safetensors.torch import load_file
from torchvision.models import resnet

from explainers.classifiers import pocketnet
from explainers.classifiers.pocketnet import PocketNet

FILE = Path(pocketnet.__file__).with_name("pocketnet.safetensors")


def test_the_weights_in_the_file_are_this_networks_in_half_precision():
    state = load_file(FILE)
    PocketNet(100).load_state_dict(state)
    assert {value.dtype for key, value in state.items() if not key.endswith("tracked")} == {torch.float16}


def test_gives_one_number_per_class():
    assert PocketNet(7)(torch.zeros(2, 3, 64, 64)).shape == (2, 7)


def test_ends_in_a_grid_of_8_by_8():
    network = PocketNet(7)
    assert network.stages(network.stem(torch.zeros(1, 3, 64, 64))).shape == (1, 256, 8, 8)


def test_its_blocks_are_those_of_torchvisions_small_resnets(stirred):
    theirs = stirred(resnet.BasicBlock(4, 8, 2, pocketnet._shortcut(4, 8, 2)))
    ours = pocketnet.BasicBlock(4, 8, 2, pocketnet._shortcut(4, 8, 2)).eval()
    ours.load_state_dict(theirs.state_dict())
    assert [(name, type(part).__name__) for name, part in ours.named_modules()] == [
        (name, type(part).__name__) for name, part in theirs.named_modules()
    ]
    grids = torch.randn((2, 4, 6, 6), generator=torch.Generator().manual_seed(0))
    assert ours(grids).equal(theirs(grids))
