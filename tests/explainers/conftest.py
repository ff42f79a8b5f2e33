"""Networks that tests of several methods ask about."""

import pytest
from torch import nn


class Branched(nn.Module):
    """Two layers; the answer depends on the one called `used` only."""

    def __init__(self):
        super().__init__()
        self.used, self.dead = nn.Conv2d(3, 2, 3), nn.Conv2d(3, 4, 3)

    def forward(self, pictures):
        self.dead(pictures)
        return self.used(pictures).mean((2, 3))


@pytest.fixture
def branched():
    """A network of two classes with a layer, `dead`, that its answer doesn't depend on."""
    return Branched()
