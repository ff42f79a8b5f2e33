"""A few of the addresses that a stranger could have written; `python -m tools.fuzz_addresses` tries more."""

from unittest.mock import patch

import pytest

from explainers.classifiers.weights_source import WeightsSource
from pages.shared import jobs
from tools.fuzz_addresses import DISCOVERY, Stranger, stand_in, troubles

COUNT = 12


@pytest.fixture
def _jobs_of_its_own():
    """Stand-ins for classifiers stay in the jobs that pages share, where another test would find them."""
    jobs.shared.clear()
    yield
    jobs.shared.clear()


@pytest.mark.usefixtures("_jobs_of_its_own")
def test_no_address_breaks_a_page():
    stranger = Stranger(seed=1)
    with patch.object(WeightsSource, "load", stand_in), patch(DISCOVERY):
        for _ in range(COUNT):
            address, page = stranger.address(), stranger.page()
            assert list(troubles(address, page, stranger)) == [], address


def test_the_same_seed_writes_the_same_addresses():
    first, second, other = (Stranger(seed) for seed in (3, 3, 4))
    addresses = [first.address() for _ in range(60)]
    assert addresses == [second.address() for _ in range(60)]
    assert addresses != [other.address() for _ in range(60)]
    assert any(name.startswith("$$ID") or name == "kept" for address in addresses for name in address)
