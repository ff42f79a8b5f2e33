"""Records of a pass, and what can't be seen into."""

import threading

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explainers.runtime.recording import Call, compiled, record, recording

X = torch.linspace(-1, 1, 8)


def names(calls):
    return [call.name for call in calls]


def hooks(network):
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(module, kind)) for module in network.modules() for kind in kinds)


def test_a_record_holds_every_call_in_order_under_its_plain_name():
    with recording() as calls:
        torch.relu(X)
        X.clone().relu_()
        F.relu(X, inplace=False)
        nn.ReLU6()(X)
    assert names(calls) == ["relu", "clone", "relu", "relu", "hardtanh"]


def test_a_function_made_of_others_counts_once():
    with recording() as calls:
        F.hardswish(X)
        F.softmin(X, 0)
    assert names(calls) == ["hardswish", "softmin"]


def test_a_call_knows_its_arguments_by_position_and_by_name():
    with recording() as calls:
        F.hardtanh(X, 0.0, max_val=6.0)
    (call,) = calls
    assert call.argument(0, "input") is X
    assert (call.argument(1, "min_val"), call.argument(2, "max_val")) == (0, 6)
    assert call.argument(3, "inplace", False) is False
    assert call.result.equal(X.clamp(0, 6))


def test_a_function_without_a_name_is_recorded_too():
    assert Call.of(object(), (), {}).name == ""


def test_the_record_of_a_network_needs_no_hooks_and_no_gradients():
    network = nn.Sequential(nn.Linear(8, 8), nn.ReLU(inplace=True), nn.Linear(8, 2))
    calls = record(network, X[None])
    assert names(calls) == ["linear", "relu", "linear"]
    assert not calls[-1].result.requires_grad
    assert hooks(network) == 0


def test_recording_belongs_to_its_thread():
    def other():
        with recording() as calls:
            for _ in range(20):
                torch.tanh(X)
        seen.append(calls)

    seen = []
    with recording() as calls:
        thread = threading.Thread(target=other)
        thread.start()
        for _ in range(20):
            torch.relu(X)
        thread.join()
    assert names(calls) == ["relu"] * 20
    assert names(seen[0]) == ["tanh"] * 20


def test_recording_ends_with_its_block():
    with pytest.raises(KeyError), recording() as calls:
        raise KeyError
    torch.relu(X)
    assert calls == []


@pytest.mark.filterwarnings("ignore:`torch.jit")  # that TorchScript is deprecated
@pytest.mark.parametrize("around", [lambda part: part, nn.Sequential], ids=["whole", "part"])
def test_compiled_code_is_found_wherever_it_is(small, around):
    assert not compiled(around(small()))
    assert compiled(around(torch.jit.script(small())))
    assert compiled(around(torch.jit.trace(small(), torch.zeros(1, 3, 24, 24))))
    assert compiled(around(torch.compile(small())))
    in_place = small()
    in_place.compile()
    assert compiled(around(in_place))
