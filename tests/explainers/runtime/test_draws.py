import random
import threading

import pytest
import torch
from torch.nn import functional as F

from explainers.runtime.draws import own_draws

CPU = torch.device("cpu")


def in_another_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


@pytest.mark.parametrize(
    "draw",
    [
        lambda: torch.rand(3),
        lambda: torch.randn_like(torch.zeros(3)),
        lambda: torch.zeros(3).bernoulli_(0.5),
        lambda: F.dropout(torch.ones(3), 0.5, True),
        lambda: torch.ones(3).multinomial(2),
        lambda: torch.rand(3, generator=torch.Generator()),
        lambda: F.scaled_dot_product_attention(*torch.ones(3, 1, 1, 3, 2), dropout_p=0.5),
    ],
    ids=["rand", "randn_like", "bernoulli", "dropout", "multinomial", "own generator", "attention"],
)
def test_a_draw_is_seen_and_repeats_whatever_other_threads_draw(draw):
    found = []
    for _ in range(2):
        with own_draws(CPU) as draws:
            numbers = []
            for _ in range(3):
                in_another_thread(lambda: torch.rand(random.randint(1, 1000)))
                numbers.append(draw())
            found.append(torch.stack(numbers))
            assert draws.drawn
    assert torch.equal(*found)


def test_a_generator_of_its_own_goes_on_with_the_others():
    with own_draws(CPU):
        expected = torch.rand(2, 4)
    with own_draws(CPU):
        assert torch.equal(torch.stack([torch.rand(4), torch.rand(4, generator=torch.Generator())]), expected)


def test_what_others_draw_is_no_draw():
    with own_draws(CPU) as draws:
        in_another_thread(lambda: torch.rand(3))
        F.dropout(torch.ones(3), 0.5, False)
        F.scaled_dot_product_attention(*torch.ones(3, 1, 1, 3, 2))
        torch.zeros(3).add_(1)
    assert not draws.drawn


def test_the_generators_are_left_as_they_were():
    before = torch.get_rng_state()
    with own_draws(CPU):
        torch.rand(3)
    assert torch.equal(torch.get_rng_state(), before)
