"""Processes of their own, whose memory can be bounded and counted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BEGIN = """
import torch
from torch import nn
from explainers import Classifier, IntegratedGradients, Target

torch.set_num_threads(1)
torch.manual_seed(0)
picture = torch.rand(3, SIDE, SIDE)
network = nn.Sequential(LAYERS, nn.AdaptiveAvgPool2d(1), nn.Flatten())
classifier = Classifier(network, ["cat", "dog"], size=(SIDE, SIDE), mean=(0,) * 3, std=(1,) * 3, device="cpu")

def explained(steps):
    return IntegratedGradients(steps=steps)(classifier, picture, Target(1))

def pages(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name)) * 1024
"""


@pytest.fixture(scope="session")
def explaining():
    """(side, layers, script, **environment) -> what a fresh Python prints that explains a network of those layers."""

    def run(side, layers, script, **variables):
        done = subprocess.run(
            [sys.executable, "-c", BEGIN.replace("SIDE", str(side)).replace("LAYERS", layers) + script],
            cwd=ROOT,
            env=os.environ | variables | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
