from pathlib import Path

import torch
from safetensors.torch import load_file

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
