"""The reference of methods says the same as their declarations."""

import re

import pytest

from explainers import EXPLAINERS, load_classifier
from explainers.lessons.reference import SYMBOLS, cost, foundation, in_lines, properties, symbols


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


@pytest.mark.parametrize("look", SYMBOLS)
def test_a_symbol_is_explained_where_it_occurs_and_nowhere_else(look):
    with_it = [kind for kind in EXPLAINERS if re.search(look, kind.formula)]
    without = [kind for kind in EXPLAINERS if kind not in with_it]
    assert SYMBOLS[look] in symbols(with_it)
    assert SYMBOLS[look] not in symbols(without)


def test_each_explanation_of_a_formula_has_its_own_line():
    assert in_lines(r"a_k + b, \quad b: \text{one}, \; a: \text{other}") == (
        r"\begin{gathered}a_k + b \\ b: \text{one} \\ a: \text{other}\end{gathered}"
    )
