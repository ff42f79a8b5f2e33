"""Computes the parts of a run on a Ray cluster, by Ray Data: actors with a classifier each, which are handed parts.

Ray is no part of what Whypixel needs, and is imported here alone. It is told not to report how it is used, and starts
no dashboard. Every machine of the cluster needs Whypixel, and the pictures and the run at the same paths.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import pyarrow as pa

from explainers.audit.engine.local import Tally, cores, default_workers
from explainers.audit.engine.worker import Worker
from explainers.audit.runs.run import Run
from explainers.errors import ExplanationError

LOCAL = "local"
REQUIREMENTS = "pip install -r explainers/audit/requirements.txt"
MAX_ATTEMPTS = 4  # at a part: Ray tries endlessly, and a part may be what ends its actor
PARTS_AT_ACTOR = 2  # one waits: Ray Data looks for answers ten times a second, and an actor would idle until it does
LOCAL_STORE = 200 * 2**20  # bytes of memory that Ray shares among its processes: a part has about one million
SETTINGS = {  # environment variables that Ray reads when it is imported; what the user has set stays
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # or Ray Data complains of how it makes its own actors
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
}
OpenWorker = Callable[[Path], Any]  # returns what has `rows(part)`


class PartRows:
    """An actor's work: the rows of parts, pickled, or the error that there is instead of them."""

    def __init__(self, folder: str, threads: int, open_worker: OpenWorker, attempts: Any) -> None:
        self._error: ExplanationError | None = None
        self._attempts = attempts
        try:
            import torch

            torch.set_num_threads(threads)
            self._worker = open_worker(Path(folder))
        except ExplanationError as error:  # an error here would be tried again and again
            self._error = error

    def __call__(self, batch: pa.Table) -> pa.Table:
        answers = [pickle.dumps(self._answer(part)) for part in batch["part"].to_pylist()]
        return pa.table({"part": batch["part"], "answer": pa.array(answers, pa.large_binary())})

    def _answer(self, part: int) -> Any:
        import ray

        if self._error:
            return self._error
        if ray.get(self._attempts.begin.remote(part)) > MAX_ATTEMPTS:
            return ExplanationError(
                f"The actors that computed part {part} were lost {MAX_ATTEMPTS} times. There may not be enough memory: "
                "take fewer workers."
            )
        try:
            return self._worker.rows(part)
        except ExplanationError as error:
            return error


def compute_on_ray(
    run: Run,
    parts: Sequence[int],
    address: str,
    workers: int | None,
    tally: Tally,
    open_worker: OpenWorker = Worker.open,
) -> None:
    """Compute parts of a run on a cluster, and write each here as soon as it is there.

    address:     of the cluster; "auto": the one that this machine belongs to; "local": one that is started here.
    workers:     how many actors; None: one for each GPU or, where there are none, for each core.
    open_worker: makes what computes the parts of the run in a folder.

    An actor that is lost is started again, and its part is computed again. Raises ExplanationError where Ray is not
    installed or not to be reached, where an actor can't go on, and where a part is lost again and again.
    """
    with _cluster(address, workers) as ray:
        resources = ray.cluster_resources()
        gpus, cpus = int(resources.get("GPU", 0)), max(1, int(resources.get("CPU", 1)))
        count = min(workers or gpus or min(cpus, default_workers() if address == LOCAL else cpus), len(parts))
        for part, answer in _answers(ray, run, parts, count, cpus, gpus, open_worker):
            if isinstance(answer, ExplanationError):
                raise answer
            run.write_part(part, answer)
            tally.written(part)


def _answers(
    ray: Any, run: Run, parts: Sequence[int], count: int, cpus: int, gpus: int, open_worker: OpenWorker
) -> Iterator[tuple[int, Any]]:
    """Yield the rows of each part, or an error, as they come."""
    threads = max(1, cpus // count) if not gpus else 1
    attempts = _attempts(ray)
    dataset = ray.data.from_items([{"part": part} for part in parts], override_num_blocks=len(parts)).map_batches(
        PartRows,
        fn_constructor_args=(str(run.folder.absolute()), threads, open_worker, attempts),
        batch_size=1,
        batch_format="pyarrow",
        zero_copy_batch=True,
        compute=ray.data.ActorPoolStrategy(size=count, max_tasks_in_flight_per_actor=PARTS_AT_ACTOR),
        num_cpus=threads,
        num_gpus=min(1, gpus / count) if gpus else None,
    )
    for batch in dataset.iter_batches(batch_size=1, batch_format="pyarrow", prefetch_batches=0):
        (row,) = batch.to_pylist()
        yield row["part"], pickle.loads(row["answer"])


def _attempts(ray: Any) -> Any:
    """Start an actor that counts how often each part was begun.

    Ray hands over the class of a function as it is. To find one of this module, the actor would import torch.
    """

    class Attempts:
        def __init__(self) -> None:
            self._counts = Counter[int]()

        def begin(self, part: int) -> int:
            self._counts[part] += 1
            return self._counts[part]

    return ray.remote(num_cpus=0)(Attempts).remote()


@contextmanager
def _cluster(address: str, workers: int | None) -> Iterator[Any]:
    """Connect to a cluster, or to a new one on this machine that ends with the block."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ExplanationError(f"Ray is not installed. Install it: {REQUIREMENTS}.") from error
    logging.getLogger("ray").setLevel(logging.ERROR)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    if ray.is_initialized():
        yield ray
        return
    with tempfile.TemporaryDirectory(prefix="whypixel-ray-", ignore_cleanup_errors=True) as folder:
        try:
            with _quiet():
                ray.init(**_options(address, workers, folder))
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise ExplanationError(f"The Ray cluster {address!r} could not be reached: {reason}") from error
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_no_progress_timeout_s = -1  # a part may take hours
        with redirect_stdout(sys.stderr):  # Ray prints there which actors were lost, also when it ends
            try:
                yield ray
            finally:
                ray.shutdown()


@contextmanager
def _quiet() -> Iterator[None]:
    """Send what this process writes to the standard error nowhere: Ray says there which log level it was given."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _options(address: str, workers: int | None, folder: str) -> dict[str, Any]:
    """Return what `ray.init` is called with."""
    paths = os.pathsep.join(filter(None, sys.path))
    common = {"log_to_driver": False, "logging_level": logging.ERROR, "include_dashboard": False}
    if address != LOCAL:
        return {"address": address, "log_to_driver": False, "logging_level": logging.ERROR}
    return common | {
        "address": LOCAL,
        "num_cpus": max(cores(), workers or 0),
        "object_store_memory": LOCAL_STORE,
        "_temp_dir": folder,
        "runtime_env": {"env_vars": {"PYTHONPATH": paths}},
    }
