"""A comparison from its cells: what each tile differs in from the question and the method that all start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from explainers.comparison.axes import AXES, Axis, Likely
from explainers.comparison.variants import Comparison, Variant
from explainers.errors import ExplanationError
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.numbers import SEPARATOR
from explainers.question import Question


def compare(
    cells: Sequence[Mapping[str, str]],
    columns: int,
    question: Question,
    likely: Likely,
    explainer: Explainer,
    axes: Mapping[str, Axis] | None = None,
) -> Comparison:
    """Make the comparison with a tile for each cell.

    Where the values of a cell make no sense together, its variant has a refusal.

    cells:   {axis: value} for each tile, row by row.
    columns: the number of tiles in a row.
    likely:  the likeliest classes of the question's photo.
    axes:    those that the cells may name, in the order of application; None: AXES.
    """
    variants = [_variant(cell, question, likely, explainer, AXES if axes is None else axes) for cell in cells]
    return Comparison(variants, columns, is_matrix=max(map(len, cells)) > 1)


def _variant(
    cell: Mapping[str, str], question: Question, likely: Likely, explainer: Explainer, axes: Mapping[str, Axis]
) -> Variant:
    def title(explanation: Explanation | None) -> str:
        return SEPARATOR.join(axes[name].tile_title(value, explanation) for name, value in cell.items())

    variant = replace(Variant.of(question, explainer), title=title)
    try:
        for name, axis in axes.items():
            if name in cell:
                variant = axis.apply(variant, cell[name], question, likely)
    except ExplanationError as error:
        return replace(variant, refusal=str(error))
    return variant
