"""Cells become tiles in rows, and each tile's title names what it differs in."""

from explainers import GradCAM, Saliency
from explainers.comparison.cells import compare
from explainers.comparison.variants import DEPTHS


def test_titles_name_what_differs(question, likely):
    cells = [{"method": "grad-cam", "layer": depth} for depth in DEPTHS]
    comparison = compare(cells, 2, question, likely, Saliency())
    assert comparison.columns == 2
    assert comparison.is_matrix
    assert [variant.title(None) for variant in comparison.variants] == [f"Grad-CAM · {depth}" for depth in DEPTHS]
    *_, last = comparison.variants
    explainer, asked = last.ask(question.classifier, question.photo)
    assert last.title(explainer.explain(asked)) == f"Grad-CAM · {question.classifier.layer}"


def test_one_axis_makes_no_matrix(question, likely):
    assert not compare([{"layer": depth} for depth in DEPTHS], 3, question, likely, GradCAM()).is_matrix
