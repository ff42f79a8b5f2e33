"""The question that an explanation answers: a photo, a classifier and a target."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

from PIL import Image
from torch import Tensor

from explainers.classifiers.classifier import Classifier
from explainers.explanation import Target
from explainers.images.photo import Photo


@dataclass(frozen=True, eq=False)
class Question:
    """Why does this classifier give this photo its score for this target?"""

    photo: Photo
    classifier: Classifier
    target: Target

    @property
    def key(self) -> Hashable:
        """A value that is equal for questions with the same answer; it holds neither the picture nor the weights."""
        return *self.subjects, self.classifier.name, self.target

    @property
    def subjects(self) -> tuple[str, str]:
        """Hashes of the photo and the classifier."""
        return self.photo.digest, self.classifier.identity

    def about(self, image: Image.Image | Tensor) -> Question:
        """Return the same question about another picture."""
        return replace(self, photo=Photo.of(image))
