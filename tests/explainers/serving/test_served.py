"""A dashboard on a network in memory: from a script, from a notebook, and what is refused."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image
from streamlit.proto.Element_pb2 import Element

import explainers
from explainers.classifiers.catalogue import default, sources
from explainers.errors import ExplanationError
from explainers.images.samples import SAMPLES, samples
from tools.load import visitor as visiting

ROOT = Path(__file__).parents[3]
SOON = 60  # seconds
NETWORK = """
from torch import nn
from explainers import Classifier, serve

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(4, 3)

    def forward(self, pictures):
        return self.fc(self.conv(pictures).relu().mean((2, 3)))

classifier = Classifier(
    Net(), ["ash", "beech", "cedar"], size=(32, 32), mean=(0.5,) * 3, std=(0.25,) * 3, name="Trees & co", device="cpu"
)
"""


@dataclass
class Seen(visiting.Page):
    """A page, the chosen option of each select box, the options of the strip, and the bars of the answer."""

    boxes: dict[str, str] = field(default_factory=dict)
    strip: list[str] = field(default_factory=list)
    answer: str = ""

    def draw(self, element: Element) -> None:
        super().draw(element)
        if element.HasField("selectbox"):
            self.boxes[element.selectbox.label] = element.selectbox.options[element.selectbox.default]
        if element.HasField("button_group") and element.button_group.label == "Picture":
            self.strip = [option.content for option in element.button_group.options]
        if element.HasField("plotly_chart") and element.plotly_chart.id.endswith("-answer"):
            self.answer = element.plotly_chart.spec


async def visit(url):
    """The Explain page once its map is there."""
    async with visiting.visitor(int(url.rpartition(":")[2])) as tab:
        await tab.open({})
        return await asyncio.wait_for(tab.until(lambda page: page.maps and page.over), SOON)


@pytest.fixture(autouse=True)
def _seen(monkeypatch):
    monkeypatch.setattr(visiting, "Page", Seen)


def status(url):
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=SOON) as answer:
        return answer.status


def check(page):
    assert page.troubles == []
    assert page.boxes["Classifier"] == "Trees & co · accuracy unknown"
    assert page.boxes["Class"] == "top prediction"
    assert all(name in page.answer for name in ("ash", "beech", "cedar"))


def test_a_script_shows_its_network_until_it_is_told_to_end(tmp_path, job):
    photo = tmp_path / "leaf.png"
    Image.new("RGB", (40, 30), "green").save(photo)
    (tmp_path / "script.py").write_text(f"{NETWORK}\nserve(classifier, [{str(photo)!r}])\n")
    with subprocess.Popen(
        [sys.executable, "script.py"],
        cwd=tmp_path,  # where there is no configuration of the dashboard
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            line = process.stdout.readline()
            url = re.fullmatch(r"Trees & co is shown at (http://127\.0\.0\.1:\d+); Ctrl-C ends it\.\n", line)[1]
            assert status(url) == 200
            page = job(lambda: asyncio.run(visit(url))).get()  # where no browser test has left a loop running
            check(page)
            assert page.strip[0] == "leaf"
            assert len(page.strip) == 1 + len(SAMPLES) + 1
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=SOON)
            assert (process.returncode, errors) == (0, "")
        finally:
            process.kill()


def test_a_notebook_shows_it_below_its_cell_and_goes_on(job):
    cells = (
        NETWORK,
        "import pickle\nserved = serve(classifier)\nserved",
        "pickle.loads(pickle.dumps(Net())) is not None, served.url",  # although a page has run as __main__
        "served.close()\nserved",
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(notebook, timeout=SOON, kernel_name="python3")

    async def run():
        async with client.async_setup_kernel(env={**os.environ, "PYTHONPATH": str(ROOT)}):
            for number, cell in enumerate(notebook.cells):
                await client.async_execute_cell(cell, number)
                if number == 1:
                    shown = cell.outputs[-1]["data"]
                    url = re.search(r'<iframe src="(http://127\.0\.0\.1:\d+)"', shown["text/html"])[1]
                    assert shown["text/plain"] == f"<the dashboard at {url}>"
                    assert await asyncio.to_thread(status, url) == 200
                    check(await visit(url))
        return url

    url = job(lambda: asyncio.run(run())).get()
    assert notebook.cells[2].outputs[-1]["data"]["text/plain"] == f"(True, {url!r})"
    assert "closed" in notebook.cells[3].outputs[-1]["data"]["text/html"]
    with pytest.raises(OSError, match="refused"):
        status(url)


@pytest.fixture
def served(conv, monkeypatch):
    """(**more) -> a dashboard on the small network, in this process."""
    monkeypatch.setattr(explainers.serving.served, "_is_interactive", lambda: True)
    opened = []

    def open_one(classifier=conv, *more, **settings):
        opened.append(explainers.serve(classifier, *more, **settings))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def test_it_is_the_first_in_the_menu_and_gone_when_it_is_closed(served, conv):
    before = sources()
    with served(conv, {"Beech, in May": Image.new("RGB", (9, 9)), "Ash": Image.new("L", (9, 9), 5)}) as dashboard:
        assert status(dashboard.url) == 200
        assert (sources()[0].name, default().name) == ("conv", "conv")
        assert default().load() is conv
        assert default().load(fit="pad").view.fit == "pad"
        assert [sample.title for sample in samples()[:2]] == ["Beech, in May", "Ash"]
    assert sources() == before
    assert samples() == SAMPLES
    dashboard.close()  # once more changes nothing
    assert "closed" in repr(dashboard)


def test_a_second_classifier_takes_the_place_of_the_first_at_the_same_address(served, conv, linear):
    first = served(conv, [Image.new("RGB", (9, 9))])
    second = served(linear)
    assert second is first
    assert [source.name for source in sources()[:2]] == ["linear", "efficientnet_lite0"]
    assert samples() == SAMPLES


def test_another_port_is_another_server(served):
    first = served()
    port = first.port
    first.close()
    second = served(port=port)
    assert second.port == port
    third = served(port=None)
    assert third is second
    other = served(port=port + 1 if port < 65535 else port - 1)
    assert not second.is_open
    assert status(other.url) == 200


def test_streamlit_is_left_as_it_was(served):
    main = sys.modules["__main__"]
    served().close()
    assert sys.modules["__main__"] is main
    from streamlit import net_util, runtime

    assert not runtime.exists()
    assert net_util.get_external_ip.__module__ == "streamlit.net_util"


@pytest.mark.parametrize(
    ("classifier", "images", "sentence"),
    [
        ("resnet50", None, r"serve needs a Classifier, not a str\. Make one: Classifier\(network"),
        (None, ["no such file.png"], "no such file.png can't be read: No such file"),
        (None, [5], "A picture must be a PIL image or a path, not a int"),
        (None, [__file__], "picture"),
    ],
)
def test_what_can_not_be_shown_is_refused_before_anything_starts(conv, classifier, images, sentence):
    with pytest.raises(ExplanationError, match=sentence):
        explainers.serve(classifier or conv, images)
    assert [one for one in explainers.serving.served._OPEN if not one.is_open] == explainers.serving.served._OPEN


def test_a_second_server_in_one_process_is_refused(served, conv):
    taken = served()
    explainers.serving.served._OPEN.clear()  # as if another program in this process had it
    try:
        with pytest.raises(ExplanationError, match="runs a Streamlit server already"):
            explainers.serve(conv)
    finally:
        explainers.serving.served._OPEN.append(taken)
