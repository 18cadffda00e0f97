"""The real download code against a loopback server: the file whole, or one sentence and nothing left."""

from __future__ import annotations

import hashlib
import io
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from maichong.data import load, mnist
from maichong.data._archive import Published
from maichong.errors import DataError

ARRAYS = {
    "x_train": np.arange(96, dtype=np.uint8).reshape(6, 4, 4),
    "y_train": np.arange(6, dtype=np.uint8),
    "x_test": np.full((2, 4, 4), 200, np.uint8),
    "y_test": np.array([7, 8], np.uint8),
}
_buffer = io.BytesIO()
np.savez(_buffer, **ARRAYS)
GOOD = _buffer.getvalue()


class Handler(BaseHTTPRequestHandler):
    """Answers by the path: good, other (wrong bytes), short (breaks off), missing, broken."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        status = {"/missing": 404, "/broken": 500}.get(self.path, 200)
        body = {"/other": b"<html>Please log in</html>", "/short": GOOD[:100]}.get(self.path, GOOD)
        self.send_response(status)
        self.send_header("Content-Length", str(len(GOOD) if self.path == "/short" else len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep stderr clean."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _no_local_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAICHONG_DATA", raising=False)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")


def point_at(monkeypatch: pytest.MonkeyPatch, *urls: str, sha256: str | None = None) -> None:
    """Let mnist.py fetch our small archive from ``urls``."""
    arrays = {key: Published(a.shape, a.dtype.name, hashlib.sha256(a.tobytes()).hexdigest()) for key, a in ARRAYS.items()}
    sha256 = sha256 or hashlib.sha256(GOOD).hexdigest()
    monkeypatch.setattr(mnist, "ARCHIVE", replace(mnist.ARCHIVE, urls=urls, sha256=sha256, arrays=arrays))


def url_of(server: ThreadingHTTPServer, path: str) -> str:
    return f"http://127.0.0.1:{server.server_port}/{path}"


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_good_file_arrives_and_is_asked_for_once(server, tmp_path, monkeypatch) -> None:
    point_at(monkeypatch, url_of(server, "good"))
    first, again = (load("mnist", cache=tmp_path / "cache") for _ in range(2))
    assert (first.x_train == ARRAYS["x_train"]).all()
    assert again.y_test.tolist() == [7, 8]
    assert [p.name for p in (tmp_path / "cache").iterdir()] == ["mnist.npz"]
    assert server.asked == ["/good"]


def test_the_cache_is_the_users_by_default(server, tmp_path, monkeypatch) -> None:
    import pooch

    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / project)
    point_at(monkeypatch, url_of(server, "good"))
    load("mnist")
    assert (tmp_path / "maichong" / "data" / "mnist.npz").read_bytes() == GOOD


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("other", "a file with another checksum"),
        ("short", "a transfer that broke off"),
        ("missing", "HTTP status 404"),
        ("broken", "HTTP status 500"),
    ],
)
def test_a_failure_is_one_sentence_and_leaves_nothing(server, tmp_path, monkeypatch, path: str, reason: str) -> None:
    url = url_of(server, path)
    point_at(monkeypatch, url)
    with pytest.raises(DataError) as caught:
        load("mnist", cache=tmp_path)
    digest = hashlib.sha256(GOOD).hexdigest()
    assert str(caught.value) == (
        f"data.mnist: must fetch mnist.npz with the SHA-256 {digest} into {tmp_path} "
        f"(got {reason} from {url}); check the network, "
        "set MAICHONG_DATA to a folder that holds mnist/mnist.npz, or use data 'digits'"
    )
    assert list(tmp_path.rglob("*")) == []
    assert server.asked == [f"/{path}"]


def test_a_server_that_is_down(tmp_path, monkeypatch) -> None:
    url = f"http://127.0.0.1:{closed_port()}/good"
    point_at(monkeypatch, url)
    with pytest.raises(DataError, match=re.escape(f"(got no connection from {url})")):
        load("mnist", cache=tmp_path)
    assert list(tmp_path.rglob("*")) == []


def test_the_mirror_serves_when_the_first_fails(server, tmp_path, monkeypatch) -> None:
    point_at(monkeypatch, url_of(server, "other"), url_of(server, "good"))
    assert len(load("mnist", cache=tmp_path).x_train) == 6
    assert server.asked == ["/other", "/good"]
    assert [p.name for p in tmp_path.iterdir()] == ["mnist.npz"]


def test_both_failures_are_told(server, tmp_path, monkeypatch) -> None:
    point_at(monkeypatch, url_of(server, "missing"), url_of(server, "short"))
    with pytest.raises(DataError, match=r"HTTP status 404 from .*/missing, a transfer that broke off from .*/short\)"):
        load("mnist", cache=tmp_path)
    assert list(tmp_path.rglob("*")) == []


def test_a_damaged_file_in_the_cache_is_replaced(server, tmp_path, monkeypatch) -> None:
    (tmp_path / "mnist.npz").write_bytes(GOOD[:100])
    point_at(monkeypatch, url_of(server, "good"))
    assert len(load("mnist", cache=tmp_path).x_train) == 6
    assert (tmp_path / "mnist.npz").read_bytes() == GOOD


def test_an_interrupt_leaves_nothing(server, tmp_path, monkeypatch) -> None:
    """Ctrl-C in the middle of the transfer: the half that arrived lies in a temporary file, which goes."""
    import pooch.core

    seen: list[Path] = []

    def interrupted(*_: object, **__: object) -> None:
        seen.extend(tmp_path.iterdir())
        raise KeyboardInterrupt

    monkeypatch.setattr(pooch.core, "hash_matches", interrupted)
    point_at(monkeypatch, url_of(server, "good"))
    with pytest.raises(KeyboardInterrupt):
        load("mnist", cache=tmp_path)
    assert [p.name for p in seen] != ["mnist.npz"]
    assert len(seen) == 1
    assert list(tmp_path.iterdir()) == []


def test_arrays_are_compared_after_a_download_too(server, tmp_path, monkeypatch) -> None:
    point_at(monkeypatch, url_of(server, "good"))
    wrong = mnist.ARCHIVE.arrays | {"y_test": Published((2,), "uint8", "0" * 64)}
    monkeypatch.setattr(mnist, "ARCHIVE", replace(mnist.ARCHIVE, arrays=wrong))
    with pytest.raises(DataError, match=r"data.mnist: y_test of .* must have bytes with the SHA-256 0{64} \(got"):
        load("mnist", cache=tmp_path)


def test_a_cache_that_is_no_folder(server, tmp_path, monkeypatch) -> None:
    point_at(monkeypatch, url_of(server, "good"))
    (tmp_path / "file").touch()
    with pytest.raises(
        DataError,
        match=r"data.mnist: must have a folder .*file to cache mnist.npz in \(got File exists\); set",
    ):
        load("mnist", cache=tmp_path / "file")
    with pytest.raises(DataError, match=r"data.mnist: must have a folder as its cache \(got 3\)"):
        load("mnist", cache=3)
    assert server.asked == []


def test_the_pins_are_the_published_ones() -> None:
    """URL and SHA-256 as in Keras' own loader, keras/src/datasets/mnist.py."""
    assert mnist.ARCHIVE.urls[0] == "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
    assert mnist.ARCHIVE.sha256 == "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
