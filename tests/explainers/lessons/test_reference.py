"""The reference of methods says the same as their declarations."""

import pytest

from explainers import EXPLAINERS, load_classifier
from explainers.lessons.reference import cost, foundation, properties


@pytest.fixture(scope="module")
def bundled():
    return load_classifier("bundled")


@pytest.mark.parametrize("kind", EXPLAINERS, ids=lambda kind: kind.slug())
def test_every_method_has_its_formula_and_sentences(bundled, kind):
    assert kind.formula.count("{") == kind.formula.count("}")
    assert kind.formula.count("(") == kind.formula.count(")")
    assert "formula" in vars(kind)  # its own, and not that of its parent
    sentences = [*properties(kind), cost(kind, bundled), foundation(kind)]
    assert all(sentence.endswith(".") for sentence in sentences)
    assert ("(completeness)" in " ".join(sentences)) == kind.complete
