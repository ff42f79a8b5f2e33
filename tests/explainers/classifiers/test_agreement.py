import pytest
import torch

from explainers.classifiers.agreement import same_gradient, same_logits


@pytest.mark.parametrize(
    ("found", "true", "same"),
    [
        ([[1.0, -2.0]], [[1.00005, -2.0001]], True),
        ([[1.0, -2.0]], [[1.0002, -2.0]], False),
        ([[1.0, 2.0, 1.0, 1.0, 1.0, 0.0]], [[1.0, 2.0, 1.0, 1.0, 1.0, 5e-5]], True),  # zero: by the lower quartile, 1
        ([[1.0, 2.0, 1.0, 1.0, 1.0, 0.0]], [[1.0, 2.0, 1.0, 1.0, 1.0, 2e-4]], False),
        ([[1.0, -1e9]], [[1.001, -1e9]], False),
        ([[1.0, 1.0, -1e9]], [[1.001, 1.0, -1e9]], False),  # a class that is masked out allows nothing
        ([[1.0, 1.0], [1e-3, 1e-3]], [[1.0, 1.0], [1.001e-3, 1e-3]], False),  # each picture by its own sizes
        ([[0.0, 0.0]], [[0.0, 0.0]], True),
        ([[0.0, 1e-9]], [[0.0, 0.0]], False),
        ([[1.0]], [[1.0, 1.0]], False),
        ([[torch.nan, torch.inf, 1.0]], [[torch.nan, torch.inf, 1.0]], True),
        ([[torch.nan, 1.0]], [[2.0, 1.0]], False),
        ([[torch.inf, 1.0]], [[-torch.inf, 1.0]], False),
    ],
)
def test_logits_agree_but_for_rounding(found, true, same):
    assert same_logits(torch.tensor(found), torch.tensor(true)) is same


@pytest.mark.parametrize(
    ("dtype", "inside", "outside"),
    [(torch.float64, 5e-5, 2e-4), (torch.float32, 5e-5, 2e-4), (torch.float16, 0.02, 0.05), (torch.bfloat16, 0.1, 0.4)],
)
def test_coarser_numbers_round_more(dtype, inside, outside):
    true = torch.ones((1, 3), dtype=dtype)
    assert same_logits((true.double() + inside).to(dtype), true)
    assert not same_logits((true.double() + outside).to(dtype), true)


@pytest.mark.parametrize(
    ("dtype", "inside", "outside"),
    [(torch.float32, 5e-3, 2e-2), (torch.float16, 0.02, 0.05), (torch.bfloat16, 0.1, 0.4)],
)
def test_gradients_agree_by_their_norm(dtype, inside, outside):
    true = torch.tensor([1.0, -2.0, 0.0, 1.0], dtype=dtype)
    for norm in (1.0, 4.0):
        assert same_gradient((true.double() + inside * norm).to(dtype), true, norm)
        assert not same_gradient((true.double() + outside * norm).to(dtype), true, norm)
    assert same_gradient(true, true, 0.0)
