"""Parts are computed in processes: one that is killed loses nothing, and whatever ends the call ends them all."""

from dataclasses import replace

import pytest

from explainers import ExplanationError
from explainers.audit import engine
from explainers.audit.cases.listing import LostSourceError
from explainers.audit.engine import compute, local
from explainers.audit.engine.process import EndedError, WorkerProcess
from explainers.audit.engine.worker import Worker
from explainers.audit.runs.run import Run
from explainers.classifiers.offered import offer, withdraw


class Watched(WorkerProcess):
    """A process whose number is kept. The one that is handed part 2 first is killed in the middle of it."""

    started: list["Watched"]
    killed: bool

    def __init__(self, *args):
        super().__init__(*args)
        self.started.append(self)

    def rows(self, part, on_pictures):
        if part == 2 and not Watched.killed:
            Watched.killed = True
            on_pictures(1)
            self.end()
        return super().rows(part, on_pictures)


@pytest.fixture
def started(monkeypatch):
    """The processes that are started."""
    Watched.started, Watched.killed = [], False
    monkeypatch.setattr(local, "WorkerProcess", Watched)
    return Watched.started


@pytest.fixture
def many(write, png):
    """A folder of ten pictures, one of them broken."""
    return write({f"{number}.png": png(number) for number in range(10)} | {"3.png": b"no picture"})


def test_a_killed_process_loses_nothing(begun, many, started, all_rows, same_rows):
    run, reference = begun(many, chunk=2), begun(many, chunk=2, name="reference")
    told = []
    compute(run, workers=2, on_progress=lambda *numbers: told.append(numbers))
    compute(reference, workers=1)
    same_rows(all_rows(run), all_rows(reference))
    assert Watched.killed
    assert len(started) == 3
    assert all(process._process.returncode is not None for process in started)
    assert told[0] == (0, 10)
    assert told[-1] == (10, 10)
    assert all(total == 10 for _, total in told)
    assert [row["error"] is None for row in all_rows(run)].count(False) == 1


RUNNING = set()


class InThisProcess:
    """Computes as a process does, without the seconds that one takes to start."""

    def __init__(self, folder, threads):
        self.worker = Worker.open(folder)
        RUNNING.add(self)

    def rows(self, part, on_pictures):
        return self.worker.rows(part, on_pictures)

    def end(self):
        RUNNING.discard(self)

    close = end


class Enough(Exception):
    pass


@pytest.mark.parametrize("raised", [Enough, KeyboardInterrupt])
def test_what_is_raised_ends_all_processes_and_what_is_written_stays(begun, many, all_rows, monkeypatch, raised):
    monkeypatch.setattr(local, "WorkerProcess", InThisProcess)

    def stop(done, total):
        if run.done():
            raise raised

    run = begun(many)
    with pytest.raises(raised):
        compute(run, workers=2, on_progress=stop)
    assert not RUNNING
    assert 0 < len(run.done()) < 5
    compute(run, workers=0)
    assert not run.missing()
    assert [row["number"] for row in all_rows(run)] == list(range(10))


def test_an_error_in_a_process_is_raised_here(begun, many, tmp_path):
    run = begun(many)
    many.rename(tmp_path / "elsewhere")
    process = WorkerProcess(run.folder, 1)
    with pytest.raises(LostSourceError, match="isn't there"):
        process.rows(0, print)
    process._process.stdin.close()
    assert process._process.wait(60) == 0  # nobody asks any more
    process.close()


class Dying:
    """A process that dies of every part, or of one."""

    def __init__(self, folder, threads):
        pass

    def rows(self, part, on_pictures):
        raise EndedError

    def end(self):
        pass

    close = end


def test_processes_that_end_again_and_again_are_given_up(begun, many, monkeypatch):
    monkeypatch.setattr(local, "WorkerProcess", Dying)
    with pytest.raises(ExplanationError, match="ended by themselves"):
        compute(begun(many), workers=2)


def test_a_process_that_cannot_start_is_said_to(begun, many, monkeypatch):
    def start(folder, threads):
        raise OSError("no more processes")

    monkeypatch.setattr(local, "WorkerProcess", start)
    with pytest.raises(OSError, match="no more processes"):
        compute(begun(many), workers=2)


def test_nothing_is_computed_twice(begun, many, computed, monkeypatch):
    run = computed(begun(many))
    monkeypatch.setattr(engine, "Worker", None)
    told = []
    compute(run, on_progress=lambda *numbers: told.append(numbers))
    assert told == [(10, 10)]


@pytest.fixture
def in_memory(begun, many, pocket, tmp_path):
    """(source, run): a classifier that this program alone knows, and a new run of it."""
    source, made = offer(pocket), begun(many)
    yield source, Run.create(tmp_path / "in memory", replace(made.plan, classifier=source.name), made.cases)
    withdraw(source)


def test_a_classifier_in_memory_is_computed_here(in_memory, started, all_rows):
    source, run = in_memory
    compute(run, workers=2, classifier=source.load())
    assert started == []
    assert len(all_rows(run)) == 10


def test_a_classifier_in_memory_is_refused_on_a_cluster(in_memory):
    with pytest.raises(ExplanationError, match="known to this program only"):
        compute(in_memory[1], ray="local")


def test_workers_fit_the_machine(monkeypatch):
    monkeypatch.setattr(local.torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(local, "cores", lambda: 8)
    monkeypatch.setattr(local, "_free_memory", lambda: 3 * local.WORKER_BYTES + 1)
    assert local.default_workers() == 3
    monkeypatch.setattr(local, "_free_memory", lambda: 100)
    assert local.default_workers() == 1
    monkeypatch.setattr(local, "_free_memory", lambda: 100 * local.WORKER_BYTES)
    assert local.default_workers() == 8
    monkeypatch.setattr(local.torch.cuda, "is_available", lambda: True)
    assert local.default_workers() == 1
