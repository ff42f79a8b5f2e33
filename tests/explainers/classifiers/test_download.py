import hashlib
import queue
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from http.client import HTTPException, IncompleteRead
from urllib.error import HTTPError, URLError

import pytest

from explainers.classifiers import download as module
from explainers.classifiers.download import CHUNK_BYTES, download, why

BODY = bytes(range(256)) * (CHUNK_BYTES // 100)  # two chunks and a half
NAME = f"weights-{hashlib.sha256(BODY).hexdigest()[:8]}.pth"
FAILURES = (OSError, HTTPException)


class Cancelled(Exception):
    pass


def test_the_file_comes_whole_and_the_progress_adds_up(server, tmp_path):
    seen = []
    download(server.offer(NAME, BODY), tmp_path / "new" / NAME, lambda *progress: seen.append(progress))
    assert (tmp_path / "new" / NAME).read_bytes() == BODY
    assert [path.name for path in (tmp_path / "new").iterdir()] == [NAME]
    assert seen[-1] == (len(BODY), len(BODY))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_server_that_announces_no_length_leaves_the_total_open(server, tmp_path):
    seen = []
    download(server.offer(NAME, BODY, length=None), tmp_path / NAME, lambda *progress: seen.append(progress))
    assert seen[-1] == (len(BODY), None)
    assert (tmp_path / NAME).read_bytes() == BODY


def test_a_name_without_a_hash_is_checked_by_length_alone(server, tmp_path):
    download(server.offer("weights.pth", BODY), tmp_path / "weights.pth")
    assert (tmp_path / "weights.pth").read_bytes() == BODY


def test_a_hash_that_is_named_on_the_way_is_checked(server, tmp_path):
    right = f'"{hashlib.sha256(BODY).hexdigest()}"'
    url = server.offer("elsewhere", BODY)
    for number, named in enumerate((right, f"W/{right}", '"an-etag-of-another-kind"')):
        download(server.send_on("weights", url, {"X-Linked-Etag": named}), tmp_path / f"{number}.safetensors")
    with pytest.raises(OSError, match=r"SHA-256 starts with .*, not 0000000000"):
        download(server.send_on("weights", url, {"X-Linked-Etag": "0" * 64}), tmp_path / "wrong.safetensors")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.safetensors", "1.safetensors", "2.safetensors"]


@pytest.mark.parametrize(
    ("name", "answer", "reason"),
    [
        ("weights-00000000.pth", {"body": BODY}, "SHA-256 starts with .*, not 00000000"),
        ("mnasnet0.5_top1_67.823-3ffadce67e.pth", {"body": BODY}, "not 3ffadce67e"),
        (NAME, {"body": BODY[:-1], "length": len(BODY)}, rf"{len(BODY) - 1} of {len(BODY)} bytes|IncompleteRead"),
        (NAME, {"body": BODY[:-1], "length": None}, "SHA-256"),
        (NAME, {"status": 503}, "503"),
    ],
    ids=["another file", "longer hash", "cut short", "cut short without a length", "server error"],
)
def test_what_is_not_the_whole_file_leaves_nothing(server, tmp_path, name, answer, reason):
    with pytest.raises(FAILURES, match=reason):
        download(server.offer(name, **answer), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_cancel_passes_through_and_leaves_nothing(server, tmp_path):
    def cancel(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        download(server.offer(NAME, BODY), tmp_path / NAME, cancel)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_file_that_was_there(server, tmp_path):
    (tmp_path / NAME).write_bytes(b"before")
    with pytest.raises(FAILURES):
        download(server.offer(NAME, b"other"), tmp_path / NAME)
    assert (tmp_path / NAME).read_bytes() == b"before"


def test_a_download_after_a_failed_one_starts_afresh(server, tmp_path):
    with pytest.raises(FAILURES):
        download(server.offer(NAME, BODY[:1000], length=len(BODY)), tmp_path / NAME)
    download(server.offer(NAME, BODY), tmp_path / NAME)
    assert (tmp_path / NAME).read_bytes() == BODY


def test_downloads_of_one_file_at_once_do_not_meet(server, tmp_path):
    url = server.offer(NAME, BODY)
    with ThreadPoolExecutor(8) as pool:
        for running in [pool.submit(download, url, tmp_path / NAME) for _ in range(8)]:
            running.result()
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [BODY]


def test_a_cancel_does_not_disturb_another_download_of_the_file(server, tmp_path):
    url = server.offer(NAME, BODY)

    def fetch_again_and_cancel(done, total):
        download(url, tmp_path / NAME)
        raise Cancelled

    with pytest.raises(Cancelled):
        download(url, tmp_path / NAME, fetch_again_and_cancel)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [BODY]


def test_a_server_that_falls_silent_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(OSError, match="timed out"):
        download(f"http://127.0.0.1:{silent.getsockname()[1]}/{NAME}", tmp_path / NAME)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("length", ["abc", "-5", "1e3", "9" * 5000, "12 apples", "²"])
def test_an_announced_length_must_be_a_number(server, tmp_path, length):
    with pytest.raises(OSError, match="the server announces a length that is no number"):
        download(server.offer(NAME, BODY, length=length), tmp_path / NAME)
    assert list(tmp_path.iterdir()) == []


def never(connection):
    """Say nothing at all."""


def half_a_header(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")


def a_header_alone(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n")


def one_byte(connection):
    a_header_alone(connection)
    connection.sendall(b"x")


@pytest.mark.parametrize("answer", [never, half_a_header, a_header_alone, one_byte])
def test_a_cancel_is_heard_while_a_server_hesitates(tmp_path, monkeypatch, job, answer):
    monkeypatch.setenv("no_proxy", "*")
    began = []

    def cancel(done, total):
        began.append(time.monotonic())
        if len(began) > 1:
            raise Cancelled

    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/{NAME}"
        running = job(lambda: download(url, tmp_path / NAME, cancel))
        connection, _ = server.accept()
        with connection:
            answer(connection)
            with pytest.raises(Cancelled):
                running.get()
    assert began[1] - began[0] < 1
    assert list(tmp_path.iterdir()) == []


def test_a_dripping_server_is_heard_drop_by_drop(tmp_path, monkeypatch, job):
    monkeypatch.setenv("no_proxy", "*")
    seen = queue.Queue()
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/drip.pth"
        running = job(lambda: download(url, tmp_path / "drip.pth", lambda done, total: seen.put(done)))
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")
            for drops in (1, 2, 3):
                connection.sendall(b"x")
                while seen.get(timeout=10) != drops:
                    pass
            running.get()
    assert (tmp_path / "drip.pth").read_bytes() == b"xxx"


def test_a_proxy_is_respected(server, tmp_path, monkeypatch):
    server.offer("http://weights.invalid/" + NAME, BODY)  # a proxy is asked for the whole address
    monkeypatch.setattr("urllib.request._opener", None)  # urllib reads the proxies of the environment once
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", server.url)
    download("http://weights.invalid/" + NAME, tmp_path / NAME)
    assert (tmp_path / NAME).read_bytes() == BODY


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (URLError(socket.gaierror(-2, "Name or service not known")), "this machine seems to be offline"),
        (URLError(TimeoutError("timed out")), "the other server did not answer in time"),
        (TimeoutError("timed out"), "the other server did not answer in time"),
        (
            URLError(ConnectionRefusedError(111, "Connection refused")),
            "no connection to the other server could be made",
        ),
        (ConnectionResetError(104, "reset"), "no connection to the other server could be made"),
        (URLError(ssl.SSLCertVerificationError(1, "failed")), "the connection to the other server is not secure"),
        (HTTPError("http://x", 404, "Not Found", Message(), None), "the other server answered with 404 (Not Found)"),
        (OSError(28, "No space left on device"), "the disk is full"),
        (PermissionError(13, "Permission denied", "/secret/folder"), "Permission denied"),
        (URLError("no host given"), "no host given"),
        (OSError("the connection broke after 5 of 9 bytes"), "the connection broke after 5 of 9 bytes"),
        (IncompleteRead(b"abc"), "IncompleteRead(3 bytes read)"),
        (OSError(), "OSError"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_failure_is_told_in_words(error, said):
    assert why(error) == said
