"""The classifier that a command is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explainers.classifiers import Classifier, load_classifier
from explainers.classifiers.catalogue import default
from explainers.classifiers.view import Fit
from explainers.errors import ExplanationError


@dataclass(frozen=True)
class ClassifierChoice:
    """A classifier by its name, with the weights file, the class names and the fit that `load_classifier` takes."""

    name: str
    checkpoint: str | None
    labels: tuple[str, ...] | None
    fit: Fit

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> ClassifierChoice:
        """Return the choice that the options of a command make.

        Raises ExplanationError where the file of class names can't be read.
        """
        labels = (
            tuple(filter(None, map(str.strip, _text(Path(params["labels"])).split("\n")))) if params["labels"] else None
        )
        checkpoint = str(Path(params["checkpoint"]).resolve()) if params["checkpoint"] else None
        return cls(params["model"] or default().name, checkpoint, labels, params["fit"])

    def load(self) -> Classifier:
        """Load it. Raises ExplanationError as `load_classifier` does."""
        return load_classifier(self.name, checkpoint=self.checkpoint, labels=self.labels, fit=self.fit)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it isn't in UTF-8"
        raise ExplanationError(f"{path} could not be read: {reason}.") from error
