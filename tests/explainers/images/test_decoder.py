"""Pictures are decoded in a process of their own, which is ended where a file takes too much, and then replaced."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explainers import ExplanationError
from explainers.images import decoder, headers
from explainers.images.decoder import Decoder
from explainers.images.headers import MAX_PIXELS
from tools.fuzz_pictures.files import noise, saved
from tools.fuzz_pictures.worst import WORST, tiff

REQUEST = {"levels": "automatic", "max_pixels": MAX_PIXELS, "kept_pixels": None}
PHOTO = saved(noise(), "PNG")


@pytest.fixture(scope="module")
def given():
    """A decoder of this file's own."""
    given = Decoder()
    yield given
    given.close()


def assert_reads(given):
    assert np.array_equal(given.decode(PHOTO, **REQUEST).image, noise())


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("WebP, 90 bytes", "The picture has 268.5 megapixels; up to 35 are read. Please scale it down."),
        (
            "JPEG, 20 MB of fill bytes",
            "The picture can't be read: decoding it takes too long. Please save it again in an image editor.",
        ),
        (
            "TIFF, 500,000 deflated strips",
            "The TIFF file stores its pixels in 500,000 parts; up to 65,536 are read. "
            "Please save it again in an image editor.",
        ),
    ],
)
def test_the_worst_pictures_are_refused(given, name, sentence):
    with pytest.raises(ExplanationError) as refusal:
        given.decode(WORST[name](), **REQUEST)
    assert str(refusal.value) == sentence
    assert_reads(given)


def test_a_jpeg_of_too_many_scans_is_refused(given):
    data = saved(noise(), "JPEG", progressive=True)
    at = data.rfind(b"\xff\xda")
    many = data[:-2] + data[at:-2] * headers.MAX_SCANS + data[-2:]
    with pytest.raises(ExplanationError, match=r"^The JPEG file stores its pixels in 1.. scans; up to 100 are read"):
        given.decode(many, **REQUEST)


def test_a_tiff_of_many_parts_is_read(given):
    assert given.decode(tiff(headers.MAX_PARTS // 8), **REQUEST).image.size == (8, headers.MAX_PARTS // 8)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux")
def test_memory_is_limited(monkeypatch):
    less = "from explainers.images import decoding\ndecoding.MAX_MEMORY = 5 * 10**6\nserve()"
    monkeypatch.setattr(decoder, "START", decoder.START.replace("\nserve()", f"\n{less}"))
    given = Decoder()
    with pytest.raises(ExplanationError, match=r"^Decoding the picture takes more than 600 MB of memory"):
        given.decode(saved(Image.new("RGB", (1500, 1500)), "PNG"), **REQUEST)
    assert_reads(given)
    given.close()


def test_a_process_that_ended_is_replaced(given):
    assert_reads(given)
    os.kill(before := given.pid, 9)
    while given.pid:
        time.sleep(0.01)
    assert_reads(given)
    assert given.pid != before


@pytest.mark.parametrize(
    ("ending", "error", "words"),
    [
        ("os.kill(os.getpid(), 9)", ExplanationError, "takes too long"),
        ("os.kill(os.getpid(), 11)", ExplanationError, "is damaged, cut short or of an unusual kind"),
        ("sys.exit(3)", RuntimeError, "the decoder ended with 3"),
        ('print(\'{"bug": "Traceback"}\', flush=True)', RuntimeError, "in the decoder:\nTraceback"),
    ],
)
def test_how_the_process_ends_is_told(monkeypatch, ending, error, words):
    monkeypatch.setattr(decoder, "START", f"import os, sys; sys.stdin.buffer.read(1000); {ending}")
    given = Decoder()
    with pytest.raises(error, match=words):
        given.decode(bytes(2000), **REQUEST)
    given.close()


def test_one_that_stands_still_is_ended(monkeypatch):
    monkeypatch.setattr(decoder, "START", "import time; time.sleep(100)")
    monkeypatch.setattr(decoder, "MAX_SECONDS", 0.1)
    given = Decoder()
    with pytest.raises(ExplanationError, match="takes too long"):
        given.decode(PHOTO, **REQUEST)


def test_an_interrupted_caller_does_not_leave_its_answer_to_the_next(given, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(decoder, "read_exactly", interrupted)
        with pytest.raises(KeyboardInterrupt):
            given.decode(saved(Image.new("RGB", (60, 60)), "PNG"), **REQUEST)
    assert_reads(given)


def test_callers_at_the_same_time_get_their_own_pictures(given, job):
    pictures = [Image.new("RGB", (8 + number, 9), (number, 0, 0)) for number in range(12)]
    files = [saved(picture, "PNG") for picture in pictures]
    jobs = [job(lambda data=data: given.decode(data, **REQUEST).image) for data in files]
    for picture, started in zip(pictures, jobs, strict=True):
        assert np.array_equal(started.get(), picture)


def test_a_copy_of_the_program_starts_a_process_of_its_own(given):
    assert_reads(given)
    before = given.pid
    given.leave()  # as after a fork
    assert given.pid is None
    assert_reads(given)
    assert given.pid != before
    os.waitpid(before, 0)  # nobody speaks to it any more, so it ends


FOLDER = str(Path(decoder.__file__).parents[1])


def test_the_process_loads_no_torch():
    script = decoder.START.replace("\nserve()", "\nprint('torch' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", script, FOLDER], capture_output=True).stdout == b"False\n"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells on Linux alone")
def test_the_process_ends_with_the_program():
    script = decoder.START.partition("from explainers")[0] + (
        "from explainers.images.decoder import DECODER\n"
        f"DECODER.decode({PHOTO!r}, **{REQUEST!r})\n"
        "print(DECODER.pid, flush=True)\n"
        "import os; os._exit(0)  # nothing is tidied up\n"
    )
    pid = int(subprocess.run([sys.executable, "-c", script, FOLDER], capture_output=True, check=True).stdout)
    for _ in range(400):
        if not Path(f"/proc/{pid}").exists() or "(zombie)" in Path(f"/proc/{pid}/status").read_text():
            return
        time.sleep(0.05)
    pytest.fail("the decoder outlives its program")
