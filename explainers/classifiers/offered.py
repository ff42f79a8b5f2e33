"""Classifiers that are in this process's memory: given to `serve`, or made by a team's own function.

They are sources like the others. What a process offers is seen by all visitors of its server, and by nobody else.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from explainers.classifiers.classifier import Classifier
from explainers.classifiers.download import Progress
from explainers.classifiers.refused import RefusedSource
from explainers.classifiers.source import Origin, Source
from explainers.classifiers.view import Fit
from explainers.errors import ExplanationError

FACTORY_VARIABLE = "WHYPIXEL_CLASSIFIERS"  # names a function as package.module:function


@dataclass(frozen=True, kw_only=True)
class MadeSource(Source):
    """A classifier that is there, or that a function makes when it is first wanted.

    make:  returns it; it is called once.
    token: the classifier's own hash; of one that is still to be made, what tells it from all others of the process.
    """

    make: Callable[[], Classifier] = field(compare=False)
    token: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.origin} {self.name} {self.token}".encode()).hexdigest()

    def load(
        self,
        *,
        fit: Fit | None = None,
        on_progress: Progress | None = None,
        device: str | torch.device | None = None,
    ) -> Classifier:
        """Return the classifier; it stays on its own device."""
        classifier = self.make()
        if not isinstance(classifier, Classifier):
            raise ExplanationError(
                f"What makes {self.title} must return a Classifier, and returns a {type(classifier).__name__}."
            )
        return classifier.fitted(fit) if fit else classifier


_LOCK = threading.RLock()
_IN_MEMORY: dict[str, Source] = {}
_BY_FACTORY: dict[str, tuple[Source, ...]] = {}


def offer(classifier: Classifier) -> Source:
    """Offer a classifier in memory to the visitors of this process's server, before all others; return its source."""
    source = _made(classifier.name, classifier, "memory", classifier.identity)
    with _LOCK:
        _IN_MEMORY[source.name] = source
    return source


def withdraw(source: Source) -> None:
    """Offer a classifier no longer, unless another one has taken its place."""
    with _LOCK:
        if _IN_MEMORY.get(source.name) is source:
            del _IN_MEMORY[source.name]


def in_memory() -> tuple[Source, ...]:
    """Return the sources of the classifiers in memory, the one offered last at the front."""
    with _LOCK:
        return tuple(reversed(_IN_MEMORY.values()))


def of_team() -> tuple[Source, ...]:
    """Return the sources of what the function returns that WHYPIXEL_CLASSIFIERS names; it is called once."""
    named = os.environ.get(FACTORY_VARIABLE, "")
    with _LOCK:
        if named and named not in _BY_FACTORY:
            _BY_FACTORY[named] = ()  # for the function itself, which may load others by name
            try:
                _BY_FACTORY[named] = _called(named)
            except ExplanationError as error:
                _BY_FACTORY[named] = (
                    RefusedSource(name=FACTORY_VARIABLE, title=FACTORY_VARIABLE, origin="team", reason=str(error)),
                )
        return _BY_FACTORY.get(named, ())


def _called(named: str) -> tuple[Source, ...]:
    """Call the function of that name, and make sources of what it returns. Raises ExplanationError."""
    module, _, function = named.partition(":")
    if not module or not function:
        raise ExplanationError(
            f"{FACTORY_VARIABLE} must name a function as package.module:function, and says {named!r}."
        )
    if (here := str(Path.cwd())) not in sys.path:  # `streamlit run` puts its own folder there instead
        sys.path.append(here)
    try:
        made = getattr(import_module(module), function)()
    except ExplanationError:
        raise
    except Exception as error:  # out of code that is not ours
        raise ExplanationError(
            f"{FACTORY_VARIABLE} names {named}, which fails: {type(error).__name__}: {str(error).rstrip('.')}."
        ) from error
    if isinstance(made, Classifier):
        made = {made.name: made}
    if not isinstance(made, Mapping):
        raise ExplanationError(
            f"{named} must return a Classifier, or a mapping of names to classifiers or to functions that make one; it "
            f"returns a {type(made).__name__}."
        )
    return tuple(
        _made(str(name), each, "team", f"{named} {number}") for number, (name, each) in enumerate(made.items())
    )


def _made(name: str, given: Any, origin: Origin, token: str) -> Source:
    """Make the source of a classifier, or of a function that makes one."""
    known: dict[str, Any] = {}
    if isinstance(given, Classifier):
        known = {"size": given.size[0], "fit": given.view.fit}
        token = given.identity
    elif not callable(given):
        reason = f"{name} must be a Classifier or a function that makes one, not a {type(given).__name__}."
        return RefusedSource(name=name, title=name, origin=origin, reason=reason)
    make = (lambda: given) if isinstance(given, Classifier) else _Once(given)
    return MadeSource(name=name, title=name, origin=origin, make=make, token=token, **known)


class _Once:
    """A function of no arguments that is called once; others who want its result meanwhile wait."""

    def __init__(self, function: Callable[[], Classifier]) -> None:
        self._function, self._lock = function, threading.Lock()
        self._made: Classifier | None = None

    def __call__(self) -> Classifier:
        with self._lock:
            if self._made is None:
                try:
                    self._made = self._function()
                except ExplanationError:
                    raise
                except Exception as error:  # out of code that is not ours
                    raise ExplanationError(
                        f"The function that makes this classifier fails: {type(error).__name__}: "
                        f"{str(error).rstrip('.')}."
                    ) from error
            return self._made
