"""More snapshots than memory holds: they are read from the file, a few at a time."""

import subprocess
import sys

import numpy as np

from tests.runs import run_of

LIMITED = """
import resource, sys
import numpy as np
from gangan_cli.weightspace import pca as components
from gangan_cli.limits import available
from store import Run

components.BLOCK = 4 << 20
with Run.open(sys.argv[1]) as run:
    keys = run.keys()
    np.linalg.eigh(np.eye(300))  # has the libraries take what they take once
    np.ones((300, 300), np.float32) @ np.ones((300, 300), np.float32)
    used = [line for line in open("/proc/self/status") if line.startswith("VmData")][0].split()[1]
    limit = int(used) * 1024 + int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    try:
        run.matrix()
    except MemoryError:
        print("the matrix does not fit")
    code, codes = components.PrincipalComponents.fit(run, keys, 4)
    error = np.abs(code.decode(codes[:3]) - run.matrix(keys[:3])[0]).max()
    print(codes.shape, error < 1e-2)
"""


def test_components_are_found_in_a_tenth_of_the_memory_that_the_snapshots_would_take(tmp_path, thorough):
    count, size = (1000, 300_000) if thorough else (300, 300_000)
    generator = np.random.default_rng(0)
    axes = generator.standard_normal((4, size), np.float32)
    run_of(tmp_path / "r", generator.standard_normal((count, 4), np.float32) @ axes).close()
    room = str(count * size * 4 // 10)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path / "r", room], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["the matrix does not fit", f"({count}, 4) True"]


ADDRESS_SPACE = """
import resource, sys
from gangan_cli.weightspace import sources
from gangan_cli.limits import available
import torch
used = [line for line in open("/proc/self/status") if line.startswith("VmSize")][0].split()[1]
limit = int(used) * 1024 + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
from store import Run
with Run.open(sys.argv[1]) as run:
    keys = run.keys()
source = sources.SnapshotSource(run.path, keys)
examples = source.load("cpu")
batch = examples.batch(torch.arange(8)[None])
print(type(examples).__name__, tuple(batch.shape), available() < int(sys.argv[2]))
"""


def test_with_little_address_space_raw_snapshots_are_picked_from_the_map(tmp_path):
    run_of(tmp_path / "r", np.ones((100, 300_000), np.float32)).close()
    done = subprocess.run(
        [sys.executable, "-c", ADDRESS_SPACE, tmp_path / "r", "200_000_000"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "SnapshotExamples (1, 8, 300000) True"
