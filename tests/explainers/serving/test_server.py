"""What Streamlit's server needs of this process: a free port, and a module that pages run in."""

import pickle
import socket
import sys

import pytest

from explainers.errors import ExplanationError
from explainers.serving.server import HOST, refuse_taken, stand_in


class Leaf:
    """A class of the program's own, which is pickled by its name."""


def test_a_port_that_is_taken_is_refused():
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ExplanationError, match=rf"Port {port} can't be had: .*Name another one"):
            refuse_taken(port)
    refuse_taken(port)
    refuse_taken(None)


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_number_that_no_port_has_is_refused(port):
    with pytest.raises(ExplanationError, match=f"Port {port} can't be had"):
        refuse_taken(port)


def test_the_stand_in_for_main_has_what_the_program_has():
    module = stand_in("__main__", sys.modules[__name__])
    assert module.Leaf is Leaf
    with pytest.raises(AttributeError):
        _ = module.no_such_name
    assert type(pickle.loads(pickle.dumps(Leaf()))) is Leaf
