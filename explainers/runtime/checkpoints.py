"""Says in a sentence where checkpoints of a network (`torch.utils.checkpoint`) stand in the way of a gradient."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch.utils.checkpoint import CheckpointError

from explainers.errors import ExplanationError


@contextmanager
def refuse_checkpoints() -> Iterator[None]:
    """Raise ExplanationError where the gradient of a checkpoint fails inside the block.

    Reentrant checkpoints work with `.backward()` only, which would write into shared tensors. And any checkpoint that
    runs again must meet the same backward rule.
    """
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, CheckpointError) and "use_reentrant=True" not in str(error):
            raise
        raise ExplanationError(
            "This classifier runs parts of its forward pass again for the gradient (checkpointing), in a way that this "
            "method can't follow. Switch its checkpointing off, or choose a method that needs no gradient, such as "
            "Occlusion."
        ) from error
