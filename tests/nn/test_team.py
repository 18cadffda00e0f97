"""Kernels do the same work on torch's own threads and on threads of our own: each part once, by however many there are."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from maichong.engines.autograd import team
from maichong.engines.events.emit import Argument, Kernel, KernelText

TEXT = KernelText(
    title="Marks its place",
    precision="float64",
    arguments=(Argument("at", "int"), Argument("count", "int64[]")),
    body=("count[at] += 1",),
)


@pytest.mark.parametrize("openmp", [True, False])
@pytest.mark.parametrize("parts", [1, 2, 3, 40])
def test_each_part_is_done_once(parts: int, openmp: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not openmp:
        monkeypatch.setattr(team, "_openmp", lambda: None)
    count = np.zeros(parts, np.int64)
    for _ in range(3):
        team.together([Kernel(TEXT, {"at": k, "count": count}) for k in range(parts)])
    assert count.tolist() == [3] * parts


@pytest.mark.skipif(sys.platform != "linux", reason="torch is linked with GCC's OpenMP on Linux")
def test_torchs_own_threads_are_found_on_linux() -> None:
    assert team._openmp() is not None


def test_fewer_threads_than_parts() -> None:
    """A limit on threads leaves no part undone; it is read when OpenMP is loaded, so in a process of its own."""
    code = (
        "import numpy as np; from test_team import TEXT; from maichong.engines.autograd import team; "
        "from maichong.engines.events.emit import Kernel; count = np.zeros(5, np.int64); "
        "team.together([Kernel(TEXT, {'at': k, 'count': count}) for k in range(5)]); print(count.tolist())"
    )
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    given = {**os.environ, "OMP_THREAD_LIMIT": "2", "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", code], env=given, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[1, 1, 1, 1, 1]"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_has_threads_of_its_own() -> None:
    """GCC's OpenMP would wait for ever for threads that stayed with the parent."""
    code = (
        "import os, numpy as np; from test_team import TEXT; from maichong.engines.autograd import team; "
        "from maichong.engines.events.emit import Kernel; count = np.zeros(2, np.int64); "
        "run = lambda: team.together([Kernel(TEXT, {'at': k, 'count': count}) for k in range(2)]); run(); child = os.fork(); "
        "run(); assert count.tolist() == [2, 2]; "
        "os._exit(0) if not child else print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    given = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", code], env=given, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "0"


def test_several_threads_of_python_at_once() -> None:
    counts = [np.zeros(3, np.int64) for _ in range(4)]

    def work(count: np.ndarray) -> None:
        for _ in range(20):
            team.together([Kernel(TEXT, {"at": k, "count": count}) for k in range(3)])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, counts))
    assert all(count.tolist() == [20] * 3 for count in counts)


def test_a_team_works_beside_torchs_own_operations() -> None:
    """Its threads are torch's: a product before and one after have the results that they have alone."""
    a = torch.rand(300, 300, dtype=torch.float64)
    expected = a @ a
    count = np.zeros(4, np.int64)
    for _ in range(5):
        assert torch.equal(a @ a, expected)
        team.together([Kernel(TEXT, {"at": k, "count": count}) for k in range(4)])
    assert count.tolist() == [5] * 4
