"""What the tests of classifiers share. None of them needs the internet or weights from elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

REAL_WEIGHTS = os.environ.get("WHYPIXEL_WEIGHTS")


@pytest.fixture(autouse=True)
def _no_weights_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("WHYPIXEL_WEIGHTS", raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@pytest.fixture
def real_weights(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of real ImageNet weights."""
    if not REAL_WEIGHTS:
        pytest.skip("needs real weights: name their folder in WHYPIXEL_WEIGHTS")
    monkeypatch.setenv("WHYPIXEL_WEIGHTS", REAL_WEIGHTS)
    return Path(REAL_WEIGHTS)


@pytest.fixture(scope="session")
def photo() -> Callable[[int, int], Image.Image]:
    """A photo-like picture of any width and height: slopes, edges and grain."""

    def make(width: int, height: int) -> Image.Image:
        across, down = np.meshgrid(np.linspace(0, 6, width), np.linspace(0, 4, height))
        waves = np.stack([np.sin(across), np.cos(down), np.sign(np.sin(across * down))], -1)
        grain = np.random.default_rng(0).normal(0, 0.1, waves.shape)
        return Image.fromarray((255 * (waves + grain + 1) / 2).clip(0, 255).astype(np.uint8))

    return make


class Tiny(nn.Module):
    """Convolution, BatchNorm, ReLU, dropout, mean, one linear layer: (N, 3, H, W) -> (N, classes)."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout()
        self.fc = nn.Linear(4, classes)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.fc(self.dropout(self.relu(self.norm(self.conv(pictures)))).mean((2, 3)))


@pytest.fixture
def tiny() -> Callable[..., Tiny]:
    """Makes a small network, the same every time."""

    def make(classes: int = 3) -> Tiny:
        torch.manual_seed(0)
        return Tiny(classes)

    return make


@pytest.fixture(scope="session")
def stirred() -> Callable[[nn.Module], nn.Module]:
    """Gives a network BatchNorm statistics as of training, and eval mode."""

    def stir(network: nn.Module) -> nn.Module:
        torch.manual_seed(0)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.running_mean, 0, 0.3)
                nn.init.uniform_(module.running_var, 0.5, 2)
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, 0, 0.3)
        return network.eval()

    return stir


@dataclass
class Answer:
    """What the server says: the body; the length it announces, if it does; more headers."""

    body: bytes = b""
    length: int | str | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Server:
    """A web server on this machine."""

    url: str
    answers: dict[str, Answer] = field(default_factory=dict)

    def offer(self, name: str, body: bytes = b"", length: int | str | None = -1, status: int = 200) -> str:
        """Answer requests for a file; its URL. A length of -1 is the true one, None is not announced."""
        self.answers[name] = Answer(body, len(body) if length == -1 else length, status)
        return f"{self.url}/{name}"

    def send_on(self, name: str, url: str, headers: dict[str, str]) -> str:
        """Answer requests for a file by sending on to another URL, with these headers; its URL."""
        self.answers[name] = Answer(length=0, status=302, headers={"Location": url, **headers})
        return f"{self.url}/{name}"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "*")
    answers: dict[str, Answer] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers[self.path.removeprefix("/")]
            self.send_response(answer.status)
            if answer.length is not None:
                self.send_header("Content-Length", str(answer.length))
            for header, value in answer.headers.items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *args: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *args: object) -> None:
            """A visitor who hangs up is no news."""

    with Quiet(("127.0.0.1", 0), Handler) as listening:
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Server(f"http://127.0.0.1:{listening.server_port}", answers)
        listening.shutdown()
        thread.join()
