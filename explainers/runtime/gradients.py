"""Says in a sentence why autograd has no gradient that reaches the picture, or not all of it."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor
from torch.autograd.function import BackwardCFunction
from torch.autograd.graph import Node
from torch.utils.checkpoint import CheckpointError

from explainers.errors import ExplanationError
from explainers.runtime.coarse import is_coarse

UNRECORDED = "NotImplemented"  # the end of the names of nodes where autograd loses a gradient, with a warning at most
REENTRANT_CHECKPOINT = "CheckpointFunctionBackward"
REENTRANT = "use_reentrant=True"
INFERENCE_TENSORS = "Inference tensors cannot be saved for backward"
CHANGED_IN_PLACE = "modified by an inplace operation"
NOT_DIFFERENTIABLE = ("derivative for", "is not implemented"), ("You must implement", "backward")
UNREACHED = "does not require grad", "have been used in the graph"
UNSUPPORTED = "not implemented for '"  # and a data type, which the name of its kernel begins
COARSE_KERNELS = "Half", "BFloat16", "Float8", "ComplexHalf"
INSTEAD = "Choose a perturbation method, such as Occlusion or RISE, which needs no gradient."


def refuse_half_precision(scores: Tensor, name: str, *, hidden: bool) -> None:
    """Raise ExplanationError where autograd would take a gradient of the scores of `name` through half precision.

    hidden: whether some pass of the network computes so. Then functions with a backward pass of their own, whose inner
            steps autograd doesn't know, are taken to do so.
    """
    for node in _nodes(scores):
        if (hidden and isinstance(node, BackwardCFunction)) or any(
            each is not None and is_coarse(each.dtype) for each in node._input_metadata
        ):
            raise _half_precision(name)


def refuse_broken_gradient(scores: Tensor, pictures: Tensor, name: str) -> None:
    """Raise ExplanationError unless autograd has recorded how the scores of the network `name` come from pictures."""
    found = False
    for node in _nodes(scores):
        found |= node is pictures.grad_fn if pictures.grad_fn else getattr(node, "variable", None) is pictures
        if node.name().endswith(UNRECORDED):
            raise unrecorded(name)
        if node.name() == REENTRANT_CHECKPOINT:
            raise _reentrant(name)
    if not found:
        raise unrecorded(name)


def _nodes(scores: Tensor) -> Iterator[Node]:
    """Yield the nodes of the graph by which scores were computed, each once."""
    nodes = {scores.grad_fn} if scores.grad_fn else set()
    pending = list(nodes)
    while pending:
        node = pending.pop()
        yield node
        before = {earlier for earlier, _ in node.next_functions if earlier is not None} - nodes
        nodes |= before
        pending += before


def refusal(error: BaseException | None, name: str) -> ExplanationError | None:
    """Return an error with a sentence in place of one that autograd raised over the network `name`; None for others."""
    text = str(error) if isinstance(error, RuntimeError) else ""
    if INFERENCE_TENSORS in text:
        return unrecorded(name)
    if text and unreached(error):
        return ExplanationError(
            f"The score of {name} has no gradient at some of the pictures that this method passes: there it doesn't "
            f"depend on the picture, or part of {name} computes without a record of its steps. {INSTEAD}"
        )
    if REENTRANT in text:
        return _reentrant(name)
    if isinstance(error, CheckpointError):  # a backward rule's calls are missing when they run again
        return ExplanationError(
            f"{name} runs parts of its forward pass again for the gradient (checkpointing), in a way that this method "
            f"can't follow. Switch its checkpointing off. {INSTEAD}"
        )
    if CHANGED_IN_PLACE in text:
        return ExplanationError(
            f"{name} overwrites numbers in place that its gradient needs, so torch can't compute one. Write that part "
            f"without in-place operations. {INSTEAD}"
        )
    if any(f"{UNSUPPORTED}{kind}" in text for kind in COARSE_KERNELS):
        return _half_precision(name)
    if any(all(part in text for part in parts) for parts in NOT_DIFFERENTIABLE):
        return ExplanationError(f"{name} has a part without a derivative, so torch can't compute one for it. {INSTEAD}")
    return None


def unreached(error: BaseException | None) -> bool:
    """Return whether an error says that autograd has no way back from a score to what its gradient was asked for."""
    return any(part in str(error) for part in UNREACHED)


def _reentrant(name: str) -> ExplanationError:
    """Return the error about checkpoints that work with `.backward()` only, which would write into shared tensors."""
    return ExplanationError(
        f"{name} uses torch.utils.checkpoint with use_reentrant=True, which keeps the gradient from reaching the "
        f"picture. Set use_reentrant=False there. {INSTEAD}"
    )


def unrecorded(name: str) -> ExplanationError:
    """Return the error that says why there is no gradient."""
    return ExplanationError(
        f"No gradient of the score reaches the picture: part of {name} computes without a record of its steps (under "
        f"no_grad or inference_mode, in integers, or on detached values). {INSTEAD}"
    )


def _half_precision(name: str) -> ExplanationError:
    """Return the error about a gradient in half precision, or in less."""
    return ExplanationError(
        f"{name} computes in half precision or less, and its code doesn't let it run in float32. Rounding would change "
        "its gradient by up to a third. Write it without autocast, and so that it takes the data type from its input "
        f"or its weights. {INSTEAD}"
    )
