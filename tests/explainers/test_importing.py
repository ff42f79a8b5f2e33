"""What takes seconds to import is imported when it is needed, and then as a whole."""

import subprocess
import sys
from pathlib import Path

import pytest

from explainers.importing import PIECEMEAL

ROOT = Path(__file__).parents[2]
# What the first map needs. torchvision, scikit-image, SciPy, Matplotlib and torch's compiler would double the seconds
# until it is there, and take 250 MB more.
FOR_THE_FIRST_MAP = {
    *("PIL", "captum", "numpy", "plotly", "safetensors", "torch"),
    *("_plotly_utils", "narwhals"),  # Plotly needs them
    *("cuda", "functorch", "packaging", "torchgen", "typing_extensions"),  # torch does
    "tqdm",  # Captum shows progress with it
    "_distutils_hack",  # every process that has setuptools
}
SCRIPT = """
import sys
import sysconfig

def installed():
    folder = sysconfig.get_paths()["purelib"]
    return [name for name, module in sys.modules.items() if folder in (getattr(module, "__file__", None) or "")]

from explainers import EXPLAINERS, Target, load_classifier, read_image
from explainers.figures import Look, panels
from explainers.images.samples import SAMPLES
classifier, image = load_classifier("bundled"), read_image(SAMPLES[0].data)
target = Target(classifier.predict(image)[0].index)
panels(EXPLAINERS[0]()(classifier, image, target), Look()).to_json()
print(*installed())

import captum
from captum.attr import *
assert captum.__version__ and not hasattr(captum.attr, "nothing_of_the_kind")
print(*installed(), *(name for name in captum.attr.__all__ if name not in globals()))
"""


@pytest.fixture(scope="module")
def imported():
    """The installed modules that a process has imported for the first map, and for all of Captum after it."""
    ran = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    return [set(line.split()) for line in ran.stdout.splitlines()]


def test_the_first_map_imports_no_more_than_it_needs(imported):
    first_map = imported[0]
    assert {name.partition(".")[0] for name in first_map} <= FOR_THE_FIRST_MAP
    assert first_map & {"torch._dynamo", "torch._inductor", "torch.onnx", "captum.attr._utils.visualization"} == set()


def test_captum_is_complete_for_whoever_asks_for_more(imported):
    assert {"captum.robust", "captum.attr._core.llm_attr", "matplotlib.pyplot"} <= imported[1]


@pytest.mark.parametrize("name", PIECEMEAL["captum.attr"])
def test_a_part_of_captum_is_where_it_is_said_to_be(name):
    import captum.attr

    part = getattr(captum.attr, name)
    assert (part.__name__, part.__module__) == (name, f"captum.attr.{PIECEMEAL['captum.attr'][name]}")
