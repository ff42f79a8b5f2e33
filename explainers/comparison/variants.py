"""The variants of a question that the tiles of a comparison show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from explainers.classifiers.classifier import Classifier, Prediction
from explainers.errors import ExplanationError
from explainers.explainer import Explainer
from explainers.explanation import Explanation, Scale, Target
from explainers.images.photo import Photo
from explainers.question import Question

DEPTHS = {"shallowest": 0.0, "a quarter deep": 0.25, "half deep": 0.5, "three quarters deep": 0.75, "deepest": 1.0}
MAX_COLUMNS = 5
Title = Callable[[Explanation | None], str]
Predict = Callable[[Classifier, Photo], Sequence[Prediction]]


def _predict(classifier: Classifier, photo: Photo) -> Sequence[Prediction]:
    return classifier.predict(photo.image)


@dataclass(frozen=True, eq=False)
class Variant:
    """What one tile is to show.

    classifier:    the name of the classifier, and picture: that of the picture; None stands for the question's own.
    label, versus: the explained class, and the other one where the difference of two is explained; both by label.
                   Without a label it is the classifier's top prediction for the picture.
    depth:         one of DEPTHS or the name of a layer; None leaves the choice to the method.
    title:         returns the tile's title, given its explanation, or None while there is none.
    refusal:       a sentence that says why the variant makes no sense; empty if it makes sense.
    """

    explainer: Explainer
    classifier: str | None
    label: str | None
    versus: str | None
    scale: Scale
    depth: str | None = None
    picture: str | None = None
    title: Title = lambda explanation: ""
    refusal: str = ""

    @classmethod
    def of(cls, question: Question, explainer: Explainer) -> Variant:
        """Make the variant that differs in nothing from the question."""
        labels, target = question.classifier.labels, question.target
        versus = None if target.versus is None else labels[target.versus]
        return cls(explainer, None, labels[target.index], versus, target.scale)

    def ask(self, classifier: Classifier, photo: Photo, predict: Predict = _predict) -> tuple[Explainer, Question]:
        """Return the method and the question whose explanation the tile shows. Raises ExplanationError.

        predict: returns the likeliest classes of a photo.
        """
        if self.refusal:
            raise ExplanationError(self.refusal)
        explainer = self.explainer
        if self.depth is not None and (name := explainer.on_axis("layer")):
            explainer = replace(explainer, **{name: layer_at(classifier, self.depth)})
        index = predict(classifier, photo)[0].index if self.label is None else _index(classifier, self.label)
        versus = None if self.versus is None else _index(classifier, self.versus)
        return explainer, Question(photo, classifier, Target(index, versus, self.scale))


@dataclass(frozen=True, eq=False)
class Comparison:
    """Variants row by row, with the number of tiles in a row.

    is_matrix: whether rows and columns each differ in something, so that a row must stay a row.
    """

    variants: Sequence[Variant]
    columns: int
    is_matrix: bool = False


def balanced(count: int) -> int:
    """Return how many tiles stand in a row if `count` tiles fill the rows as evenly as they can."""
    if count <= MAX_COLUMNS:
        return count

    def unevenness(columns: int) -> tuple[bool, bool, int]:
        return count % columns == 1, columns == 3 and count > 9, -count % columns  # a tile alone, many rows, gaps

    return min((4, 5, 3), key=unevenness)  # of equal ones, the first


def layer_at(classifier: Classifier, depth: str) -> str:
    """Find the layer at a depth between the first and the deepest features; `depth` may also be a layer's name.

    Raises ExplanationError where the classifier has no such layer.
    """
    names = [layer.name for layer in classifier.layers()]
    if depth not in DEPTHS:
        return depth
    if not names or classifier.layer is None:
        raise ExplanationError(f"{classifier.name} has no layer that gives a grid. Compare something else.")
    return names[round(DEPTHS[depth] * names.index(classifier.layer))]


def _index(classifier: Classifier, label: str) -> int:
    """Find the index of a class by its label. Raises ExplanationError where the classifier doesn't have it."""
    if label not in classifier.labels:
        raise ExplanationError(f"{classifier.name} knows no class called {label!r}. Compare another class.")
    return classifier.labels.index(label)
