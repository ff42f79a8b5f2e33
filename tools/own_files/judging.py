"""What becomes of a file: is it recognised, and does the network that is loaded answer as the one it was saved from?"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from explainers import ExplanationError
from explainers.classifiers.own.candidate import Candidate
from explainers.classifiers.own.networks import load_own
from explainers.classifiers.own.reading import OwnFile, read_own
from explainers.classifiers.own.recognition import Recognition, recognise
from explainers.classifiers.own.transformers import load_transformers
from tools.own_files.foreign import Foreign
from tools.own_files.networks import Case
from tools.own_files.wrapping import State, timm_folder

TOLERANCE = 1e-5  # relative to the largest logit
PICTURES = 2
GUESS = "guess"  # a word of the sentences that say so
MEAN = (0.1, 0.2, 0.3)  # that `timm_folder` writes


@dataclass(frozen=True)
class Outcome:
    """What became of one file.

    place:      of the right architecture among the candidates: 0 is the first; None: it isn't among them.
    candidates: how many there are.
    told:       whether classes and channels (and the image size, where the file tells it) are right.
    difference: largest difference of logits, relative to the largest logit; None where nothing was loaded.
    said:       the sentence of the recognition, or that of the refusal.
    fits:       whether there is an architecture that computes what the file's network does.
    """

    file: str
    wrapper: str
    place: int | None
    candidates: int
    told: bool
    difference: float | None
    said: str
    fits: bool = True

    @property
    def kind(self) -> str:
        """One word or two for the table; WRONG is what nobody was told of."""
        if self.difference is not None and self.difference > TOLERANCE:
            return "WRONG"
        if self.place is None:
            return "WRONG" if self.candidates else "not recognised"
        if not self.fits:
            return "guessed" if GUESS in self.said else "WRONG"
        if not self.told:
            return "WRONG"
        return "recognised" if self.candidates == 1 else "first of several" if self.place == 0 else "among several"


def judge(case: Case, wrapper: Callable[[State, str, Path], Path]) -> Outcome:
    """Make a file of a network, read it, recognise it, load the right candidate, and compare."""
    torch.manual_seed(0)
    network = case.network("cpu")
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as kept:
        path = wrapper(network.state_dict(), case.build.name, Path(made))
        try:
            file = read_own(path, path.name, Path(kept))
        except ExplanationError as error:
            return Outcome(case.build.name, wrapper.__name__, None, 0, False, None, str(error))
        recognition = recognise(file.shapes)
        outcome = judged(case, wrapper.__name__, recognition, network, file)
        if wrapper is timm_folder and file.facts.mean != MEAN:
            raise AssertionError("The folder's preprocessing was not read.")
        return outcome


def judge_shapes(case: Case) -> Outcome:
    """Recognise a network that is too large to load from its shapes alone."""
    shapes = {name: tuple(value.shape) for name, value in case.network("meta").state_dict().items()}
    return judged(case, "shapes alone", recognise(shapes), None, None)


def judged(
    case: Case, wrapper: str, recognition: Recognition, network: nn.Module | None, file: OwnFile | None
) -> Outcome:
    """Compare what was recognised with what the file was made of, and the answers of both networks."""
    found = recognition.candidates
    place = next((at for at, candidate in enumerate(found) if _is(candidate, case)), None)
    told = bool(found) and all(
        (candidate.classes, candidate.channels) == (case.classes, case.channels) for candidate in found
    )
    difference = None
    if place is not None and network and file:
        loaded = load_own(found[place], file.weights, found[place].architecture.title).eval()
        told = told and (found[place].size == case.size or not case.row.outline.role("size"))
        difference = difference_of(network, loaded, case.channels, case.sides())
    return Outcome(case.build.name, wrapper, place, len(found), told, difference, recognition.sentence)


def judge_folder(name: str, network: Any, size: int, path: Path, mean: tuple[float, ...] | None) -> Outcome:
    """Read and load a Hugging Face folder, and compare."""
    with tempfile.TemporaryDirectory() as kept:
        try:
            file = read_own(path, path.name, Path(kept))
            loaded = load_transformers(file)
        except ExplanationError as error:
            return Outcome(name, "Hugging Face folder", None, 0, False, None, str(error))
        told = file.facts.classes == network.config.num_labels and file.facts.mean == mean
        channels = getattr(network.config, "num_channels", 3)
        difference = difference_of(lambda batch: network(batch).logits, loaded, channels, (size,))
        return Outcome(
            name, "Hugging Face folder", 0, 1, told, difference, f"{file.facts.architecture}, says the file."
        )


def difference_of(one: Callable[..., Any], other: Callable[..., Any], channels: int, sides: Sequence[int]) -> float:
    """Return the largest difference of two networks' logits, relative to the largest logit."""
    errors = []
    for side in sides:
        batch = torch.rand(PICTURES, channels, side, side)
        try:
            with torch.no_grad():
                expected = one(batch)
        except (RuntimeError, ValueError, AssertionError) as error:  # pictures are too small for it
            errors.append(error)
            continue
        with torch.no_grad():
            return float((other(batch) - expected).abs().max() / expected.abs().max())
    raise errors[-1]


def _is(candidate: Candidate, case: Case) -> bool:
    """Whether it is the right one; at another image size, one that differs in its usual size alone is as good."""
    own, right = candidate.architecture, case.row.architecture
    settings = tuple(item for item in own.settings if item[0] != "aux_logits")
    if case.size != right.size and (own.traits, own.mean, own.std) == (right.traits, right.mean, right.std):
        return (own.library, settings) == (case.build.library, case.key[2])
    return (own.library, own.name, settings) == case.key


def judge_foreign(foreign: Foreign) -> Outcome:
    """Make the file of another author, read it, recognise it, and compare, where an architecture computes the same."""
    case = Case(foreign.build, foreign.classes, foreign.channels, 0)
    case = replace(case, size=case.row.architecture.size)
    torch.manual_seed(0)
    network = case.network("cpu")
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as kept:
        torch.save(foreign.rename(dict(network.state_dict())), Path(made, "file.pth"))
        try:
            file = read_own(Path(made, "file.pth"), "file.pth", Path(kept))
        except ExplanationError as error:
            return Outcome(foreign.title, "another author's", None, 0, False, None, str(error))
        recognition = recognise(file.shapes)
        outcome = judged(case, "another author's", recognition, network, file)
        if outcome.place is None and foreign.fits:  # another library's may compute the same
            for place, candidate in enumerate(recognition.candidates):
                loaded = load_own(candidate, file.weights, candidate.architecture.title).eval()
                difference = difference_of(network, loaded, case.channels, (case.size,))
                if difference <= TOLERANCE:
                    outcome = replace(outcome, place=place, difference=difference)
                    break
        return replace(outcome, file=foreign.title, fits=foreign.fits)
