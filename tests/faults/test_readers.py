"""Many who read while one writes: the file grows by what is written, and the dead take no place."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from store import Layout, Run
from tests.runs import small_manifest

SIZE = 20_000
POLL = (
    "import sys, time\n"
    "from store import Run\n"
    "with Run.open(sys.argv[1]) as run:\n"
    "    print('open', flush=True)\n"
    "    seen = 0\n"
    "    while (epoch := int(run.keys()[:, 1].max(initial=0))) >= 0:\n"
    "        if epoch > seen:\n"
    "            assert run.snapshot(0, epoch).mean() == epoch\n"
    "            assert len(run.losses({0: seen})[0])\n"
    "            seen = epoch\n"
    "        if epoch == int(sys.argv[2]): break\n"
    "print('seen', seen, flush=True)\n"
)

WRITE = (
    "import sys\n"
    "from store import Run\n"
    "from tests.faults.test_readers import write\n"
    "with Run.open(sys.argv[1], write=True) as run:\n"
    "    for line in sys.stdin:\n"
    "        for epoch in line.split(): write(run, int(epoch))\n"
    "        print('written', flush=True)\n"
)


@pytest.fixture
def python():
    """Start Python with code, its input and output as pipes; what is left running ends with the test."""
    started = []

    def start(code: str, *arguments: object) -> subprocess.Popen:
        command = [sys.executable, "-c", code, *map(str, arguments)]
        started.append(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def manifest():
    layout = Layout.of({"discriminator.w": (SIZE,)})
    return small_manifest(layout=layout, gans=1, epochs=1_000_000)


def write(run, epoch):
    """Commit as training does: a snapshot each epoch, and every ten seconds a state to resume from."""
    vector = np.full((1, SIZE), epoch, np.float32)
    state = np.tile(vector, 3) if epoch % 17 == 0 else None
    run.commit(epoch, [0], np.ones((1, 2, 2)), vector, state)


def test_eight_readers_neither_make_the_file_grow_nor_hold_it_up(tmp_path, thorough, python):
    seconds = 60 if thorough else 3
    last = 1_000_000
    with Run.create(tmp_path / "r", manifest()) as run:
        write(run, 1)
        readers = [python(POLL, tmp_path / "r", last) for _ in range(8)]
        assert {reader.stdout.readline() for reader in readers} == {"open\n"}
        end, epoch = time.monotonic() + seconds, 1
        while time.monotonic() < end:
            epoch += 1
            write(run, epoch)
            if epoch == 20:
                readers[0].send_signal(signal.SIGKILL)
                readers[0].communicate()
        write(run, last)
        for reader in readers[1:]:
            out, _ = reader.communicate(timeout=60)
            assert (reader.returncode, out) == (0, f"seen {last}\n")
        write(run, last - 1)
        assert not re.findall(rf"\b{readers[0].pid}\b", run._environment.lmdb.readers())
        watched = run.size_bytes
    with Run.create(tmp_path / "alone", manifest()) as run:
        for number in [*range(1, epoch + 1), last, last - 1]:
            write(run, number)
        alone = run.size_bytes
    # A reader that waits for a core keeps the checkpoint that it sees from being reused: a few of them,
    # or one in twenty. One that never let go would keep all of them.
    checkpoints = max(10, epoch // 17 // 20)
    assert watched < alone + checkpoints * 3 * SIZE * 4


def test_who_begins_to_read_while_two_commits_come_sees_no_less_later(tmp_path, python):
    class Slow:
        """LMDB's environment, of which another process gets two commits in before a view is there."""

        def __init__(self, environment, writer):
            self.environment, self.writer, self.commits = environment, writer, iter(["2 3", "4 5"])

        def __getattr__(self, name):
            return getattr(self.environment, name)

        def begin(self, **options):
            transaction = self.environment.begin(**options)
            if commits := next(self.commits, None):
                self.writer.stdin.write(f"{commits}\n")
                self.writer.stdin.flush()
                assert self.writer.stdout.readline() == "written\n"
            return transaction

    Run.create(tmp_path / "r", manifest()).close()
    with Run.open(tmp_path / "r") as run:
        run._environment.lmdb = Slow(run._environment.lmdb, python(WRITE, tmp_path / "r"))
        assert run.keys()[:, 1].tolist() == [2, 3, 4, 5]
        assert run.snapshot(0, 5).mean() == 5


def test_a_reader_killed_in_the_middle_of_reading_leaves_no_trace(tmp_path, python):
    code = (
        "from store import Run\n"
        f"run = Run.open({str(tmp_path / 'r')!r})\n"
        "with run._environment.reading():\n"
        "    print('reading', flush=True)\n"
        "    input()\n"
    )
    with Run.create(tmp_path / "r", manifest()) as run:
        write(run, 1)
        reader = python(code)
        assert reader.stdout.readline() == "reading\n"
        assert re.findall(rf"\b{reader.pid}\b", run._environment.lmdb.readers())
        reader.kill()
        reader.communicate()
        for _ in range(28):
            run.save_checkpoint(1, [0], np.ones((1, 3 * SIZE), np.float32))
        assert not re.findall(rf"\b{reader.pid}\b", run._environment.lmdb.readers())
        # Had it kept its place, none of the 28 states to resume from could have been reused.
        assert run.size_bytes < (1 + 5 * 3) * SIZE * 4


def test_a_run_that_one_may_only_read_is_read(tmp_path):
    with Run.create(tmp_path / "r", manifest()) as run:
        write(run, 1)
        vector = run.snapshot(0, 1)
    for file in (tmp_path / "r").iterdir():
        file.chmod(0o444)
    (tmp_path / "r").chmod(0o555)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    code = (
        "import os, sys\n"
        "import numpy, lmdb, store\n"  # before rights are given up: the environment may be root's
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "with store.Run.open(sys.argv[1]) as run:\n"
        "    sys.stdout.buffer.write(run.snapshot(0, 1).tobytes())\n"
        "try: store.Run.open(sys.argv[1], write=True)\n"
        "except store.StoreError as error: print(error, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "r"], capture_output=True)
    assert done.stdout == vector.tobytes(), done.stderr.decode()
    assert b"Permission denied" in done.stderr
