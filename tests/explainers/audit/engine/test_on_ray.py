"""The same rows from a Ray cluster as without one, also where an actor is lost."""

import os
import sys

import pytest

from explainers import ExplanationError
from explainers.audit.engine import compute
from explainers.audit.engine.worker import Worker

try:
    import ray  # noqa: F401
except ImportError:
    if os.environ.get("CI"):
        raise
    pytest.skip("Ray is not installed: pip install -r explainers/audit/requirements.txt", allow_module_level=True)

from explainers.audit.engine.on_ray import compute_on_ray


class Counted:
    """What the engine tells of its parts."""

    def __init__(self):
        self.parts = []

    def written(self, part):
        self.parts.append(part)


@pytest.fixture
def many(write, png):
    return write({f"{number}.png": png(number) for number in range(10)} | {"3.png": b"no picture"})


def dying_once(mark):
    """A function that opens a worker whose process dies at part 2, once in all."""

    def opened(folder):
        worker = Worker.open(folder)
        rows = worker.rows

        class Dying:
            def rows(self, part):
                if part == 2 and not os.path.exists(mark):
                    open(mark, "x").close()
                    os._exit(1)
                return rows(part)

        return Dying()

    return opened


@pytest.mark.filterwarnings("ignore")  # of Ray's own
def test_the_rows_are_the_same_and_none_is_lost_with_an_actor(begun, many, tmp_path, all_rows, same_rows, capfd):
    run, reference = begun(many, chunk=2), begun(many, chunk=2, name="reference")
    counted = Counted()
    compute_on_ray(run, run.missing(), "local", 2, counted, dying_once(str(tmp_path / "died")))
    assert (tmp_path / "died").exists()
    assert sorted(counted.parts) == [0, 1, 2, 3, 4]
    assert capfd.readouterr().out == ""
    compute(reference, workers=1)
    same_rows(all_rows(run), all_rows(reference))


def test_without_ray_it_says_how_to_install_it(begun, many, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ExplanationError, match=r"pip install -r explainers/audit/requirements\.txt"):
        compute(begun(many), ray="local")
