"""scikit-learn, which audits need besides: whether it is there, and how it is run."""

from __future__ import annotations

from contextlib import AbstractContextManager

from explainers.errors import ExplanationError


def require() -> None:
    """Raise ExplanationError where scikit-learn is missing."""
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise ExplanationError(
            "Clusters of maps and groups of colours need scikit-learn. Install it by pip install -r "
            "explainers/audit/requirements.txt, and look again: the command does so with --retry."
        ) from error


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which it uses one thread: sums depend on how many there are, and findings must not.

    Where other programs are busy, too, several threads mostly wait for each other.
    """
    from threadpoolctl import threadpool_limits

    context: AbstractContextManager[object] = threadpool_limits(1)
    return context
