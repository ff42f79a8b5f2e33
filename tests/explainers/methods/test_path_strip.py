"""Pictures on the path, and what the classifier says to them."""

import numpy as np
import pytest
import torch

from explainers import ExplanationError, IntegratedGradients, Target
from explainers.arrays import nbytes
from explainers.methods.path_strip import path_strip


@pytest.mark.parametrize("baseline", ["black", "white", "random", "blurred picture"])
def test_it_goes_from_the_baseline_to_the_picture(conv, noise, question, baseline):
    explainer, picture = IntegratedGradients(baseline=baseline, steps=4), noise((29, 24))
    asked = question(conv, picture, Target(1))
    found, whole = path_strip(explainer, asked, 11), explainer.explain(asked)
    assert found.alphas.tolist() == pytest.approx([i / 10 for i in range(11)])
    assert np.array_equal(found.pictures[0], whole.baselines[0])
    assert np.array_equal(found.pictures[-1], picture.numpy())
    between = whole.baselines[0] + 0.3 * (picture.numpy() - whole.baselines[0])
    np.testing.assert_allclose(found.pictures[3], between, atol=1e-6)


@pytest.mark.parametrize("versus", [None, 2])
def test_its_scores_are_the_classifiers(conv, noise, question, versus):
    found = path_strip(IntegratedGradients(), question(conv, noise((29, 24)), Target(0, versus)), 25)
    with torch.no_grad():
        logits = conv.network(conv.normalise(torch.from_numpy(found.pictures)))
    for scores, answers in ((found.logits, logits), (found.probabilities, logits.softmax(1))):
        expected = answers[:, 0] - (answers[:, versus] if versus else 0)
        np.testing.assert_allclose(scores, expected.numpy(), atol=1e-5)


def test_it_passes_each_picture_once_and_tells_its_progress(conv, noise, question):
    told = []
    path_strip(IntegratedGradients(), question(conv, noise((29, 24))), 40, on_progress=told.append)
    assert [step.total for step in told] == [40] * len(told)
    assert [step.done for step in told] == [0, 16, 32]


def test_what_the_method_refuses_is_refused(conv, noise, question):
    with pytest.raises(ExplanationError, match="classes 0 to 2"):
        path_strip(IntegratedGradients(), question(conv, noise((29, 24)), Target(3)), 5)


def test_its_size_is_that_of_its_arrays(conv, noise, question):
    found = path_strip(IntegratedGradients(), question(conv, noise((29, 24))), 5)
    assert nbytes(found) == 5 * (3 * 29 * 24 * 4 + 3 * 8)
