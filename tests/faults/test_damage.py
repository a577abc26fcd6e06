"""Scrambled and cut files: the right values or an error, and never the end of the process."""

import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gangan_cli.summaries import verification
from store import Run, StoreError, environment
from store.errors import Damaged, InUse
from store.repair import repair
from store.verify import verify
from tests.commands import COMMAND, gangan
from tests.runs import contents, numbers, small_manifest
from tests.tui.terminal import Terminal

PAGE = 4096
PRESENT = Path(__file__).parent / "formats" / "2.mdb"


def flip_one_bit(content, moments):
    content[moments.randrange(len(content))] ^= 1 << moments.randrange(8)


def scramble_a_few_bytes(content, moments):
    """Mostly where LMDB keeps its trees: the first bytes of pages."""
    for _ in range(moments.randrange(1, 9)):
        place = moments.randrange(len(content) // PAGE) * PAGE + moments.randrange(200)
        content[place] = moments.randrange(256)


def overwrite_a_page(content, moments):
    place = moments.randrange(len(content) // PAGE) * PAGE
    content[place : place + PAGE] = moments.choice(
        [bytes(PAGE), moments.randbytes(PAGE), b"\xff" * PAGE]
    )


def swap_two_pages(content, moments):
    one, other = (moments.randrange(len(content) // PAGE) * PAGE for _ in range(2))
    first, second = content[one : one + PAGE], content[other : other + PAGE]
    content[one : one + PAGE], content[other : other + PAGE] = second, first


def scramble_what_leads_to_pages(content, moments):
    """A number of a page, or of a size, at any aligned place of a page that may be a leaf."""
    place = moments.randrange(2 * PAGE, len(content), 8)
    content[place : place + 8] = moments.randrange(2 ** moments.choice([5, 16, 48])).to_bytes(
        8, "little"
    )


def cut(content, moments):
    del content[moments.randrange(len(content)) :]


def put_something_behind(content, moments):
    content += moments.randbytes(moments.randrange(1, 3 * PAGE))


IN_PLACE = [
    flip_one_bit, scramble_a_few_bytes, overwrite_a_page, swap_two_pages, scramble_what_leads_to_pages,
]  # fmt: skip
DAMAGES = [*IN_PLACE, cut, put_something_behind]


def read_all(path):
    """Everything a run holds, by what it is."""
    with Run.open(path) as run:
        found = {("state",): run.state().stored, ("glance",): run.progress().snapshots}
        found |= {("constant", name): run.constant(name).tobytes() for name in run.manifest.constants}
        for what, pairs in run.index().items():
            for gan, epoch in pairs:
                if what == "snapshot":
                    found[what, gan, epoch] = run.snapshot(gan, epoch).tobytes()
                elif what == "resume":
                    found[what, gan, epoch] = run.checkpoint(gan)[1].tobytes()
        for row, key in zip(*run.losses(), strict=True):
            found["losses", *key.tolist()] = row.tobytes()
        found |= {("result", key): repr(document) for key, document in run.results().items()}
        return found


def with_results(folder):
    """The file of a small run that was evaluated, too."""
    path = fresh(folder)
    with Run.open(path, write=True) as run:
        run.add_results({f"fid/{gan}": {"value": gan / 8, "of": "x" * 60} for gan in range(90)})
        run.add_results({"curve": {"y": list(range(3000))}})
    return (path / "data.mdb").read_bytes()


def fuzz(folder, first, rounds, evaluated):
    """Damage a small run in many ways; return how often it was noticed."""
    whole = with_results(folder) if evaluated else PRESENT.read_bytes()
    environment.READ_RETRIES = 1  # nobody writes meanwhile
    path = fresh(folder)
    (path / "data.mdb").write_bytes(whole)
    expected = read_all(path)
    noticed = 0
    for number in range(first, first + rounds):
        moments = random.Random(number)
        damage = moments.choice(DAMAGES)
        path = fresh(folder)
        content = bytearray(whole)
        damage(content, moments)
        (path / "data.mdb").write_bytes(content)
        try:
            assert read_all(path) == expected, f"round {number}: {damage.__name__} went unnoticed"
        except StoreError:
            noticed += 1
        try:
            repaired = repair(path)
        except StoreError:
            continue
        assert [found for found in verify(path) if not found.missing] == []
        there = read_all(path)
        for what in ("snapshot", "losses", "constant", "result"):
            kept = {key: value for key, value in there.items() if key[0] == what}
            assert kept.items() <= expected.items(), f"round {number}: {damage.__name__}, repaired"
        assert repaired.snapshots == sum(key[0] == "snapshot" for key in there)
    return noticed


def fresh(folder):
    path = Path(folder) / "r"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    shutil.copy(PRESENT, path / "data.mdb")
    return path


def test_first_pages_that_lead_to_the_past_are_noticed(tmp_path):
    path = fresh(tmp_path)
    content = bytearray(PRESENT.read_bytes())
    numbers = [int.from_bytes(content[place : place + 8], "little") for place in (144, PAGE + 144)]
    older = numbers.index(min(numbers)) * PAGE + 144  # where the number of the transaction stands
    content[older : older + 8] = (max(numbers) + 1).to_bytes(8, "little")
    (path / "data.mdb").write_bytes(content)
    with pytest.raises(Damaged, match="the past"):
        Run.open(path)
    assert repair(path).rebuilt
    assert contents(path) == contents(fresh(tmp_path / "whole"))


@pytest.mark.parametrize(("first", "evaluated"), [(0, False), (10_000, True)])
def test_damage_of_any_kind_gives_the_right_values_or_an_error(tmp_path, thorough, first, evaluated):
    # In a process of its own: that it lives to tell is half of the test.
    rounds = 5000 if thorough else 100
    call = f"fuzz({str(tmp_path)!r}, {first}, {rounds}, {evaluated})"
    code = f"from tests.faults.test_damage import fuzz; print({call})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > rounds / 4


def scramble_a_snapshot(file):
    with Run.open(file.parent) as run:
        vector = run.snapshot(1, 4).tobytes()
    content = bytearray(file.read_bytes())
    content[content.index(vector) + 1000] ^= 1
    file.write_bytes(content)


def scramble_the_head(file):
    with file.open("r+b") as opened:
        opened.write(bytes(2 * PAGE))


def cut_in_half(file):
    os.truncate(file, file.stat().st_size // 2)


@pytest.mark.parametrize(
    "damage",
    [scramble_a_snapshot, scramble_the_head, pytest.param(cut_in_half, marks=pytest.mark.long)],
)
def test_verify_names_it_repair_drops_it_and_training_fills_the_gap(tmp_path, undisturbed, damage):
    store = tmp_path / "store"
    shutil.copytree(undisturbed, store)
    assert gangan("runs", "verify", "--store", store).code == 0
    damage(store / "r" / "data.mdb")
    verified = gangan("runs", "verify", "r", "--json", "--store", store)
    assert verified.code == 3
    found = verified.document[0]["findings"]
    if damage is scramble_a_snapshot:
        assert [(one["what"], one["gan"], one["epoch"]) for one in found] == [("snapshot", 1, 4)]
        assert "run 'r', GAN 1 at epoch 4: its checksum does not match" in verified.err
        refused = gangan("runs", "export", "r", tmp_path / "out", "--store", store)
        assert (refused.code, "GAN 1 at epoch 4" in refused.err) == (3, True)
    else:
        assert [one["what"] for one in found] == ["file"]
        assert gangan("runs", "list", "--store", store).err.startswith("warning: r cannot be read")
    repaired = gangan("runs", "repair", "r", "--store", store)
    assert repaired.code == 0, repaired.err
    assert "of 16 snapshots are there" in repaired.err
    assert gangan(*COMMAND, "--store", store).code == 0
    assert contents(store / "r") == contents(undisturbed / "r")
    assert gangan("runs", "verify", "--store", store).code == 0


def test_a_damaged_state_is_mended(tmp_path, undisturbed):
    store = tmp_path / "store"
    shutil.copytree(undisturbed, store)
    with Run.open(store / "r", write=True) as run, run._environment.writing() as transaction:
        transaction.put(b"state", b"state", b'{"stored": "complete"}broken')
    refused = gangan("runs", "show", "r", "--store", store)
    assert (refused.code, "gangan runs repair r mends it" in refused.err) == (3, True)
    assert gangan("runs", "repair", "r", "--store", store).code == 0
    again = gangan(*COMMAND, "--store", store, "--json")
    assert (again.code, again.lines[-1]["trained"]) == (0, 0)


def test_a_gangan_over_a_damaged_snapshot_says_which(tmp_path, undisturbed):
    store = tmp_path / "store"
    shutil.copytree(undisturbed, store)
    scramble_a_snapshot(store / "r" / "data.mdb")
    for preset in ("default", "paper"):
        options = ["--on", "r", "--run", preset, "--preset", preset, "--batch-size", 4, "--epochs", 2]
        refused = gangan("train-gangan", *options, "--store", store)
        assert (refused.code, "run 'r', GAN 1 at epoch 4" in refused.err) == (3, True), refused.err
        assert "Traceback" not in refused.err


def test_a_repair_waits_for_nobody_and_takes_nothing_from_a_training(tmp_path):
    with Run.create(tmp_path / "r", small_manifest()) as run:
        run.acquire()
        run.commit(1, [0, 1], np.zeros((2, 2, 2)), numbers(1, 2, 10))
        with pytest.raises(InUse):
            repair(tmp_path / "r")
        assert run.keys().tolist() == [[0, 1], [1, 1]]


def test_a_run_that_ends_the_process_is_found_and_the_others_are_looked_at(
    tmp_path, monkeypatch, undisturbed
):
    for name in ("a", "deadly", "z"):
        shutil.copytree(undisturbed / "r", tmp_path / "store" / name)
    python = tmp_path / "python"  # stands for one in which LMDB dies of a file
    python.write_text(
        f"#!{sys.executable}\n"
        "import os, runpy, signal, sys, store.verify\n"
        "as_ever = store.verify.verify\n"
        "def verify(path, told):\n"
        "    if path.name == 'deadly': os.kill(os.getpid(), signal.SIGSEGV)\n"
        "    return as_ever(path, told)\n"
        "store.verify.verify = verify\n"
        "sys.argv = sys.argv[2:]\n"
        "runpy.run_module(sys.argv[0], run_name='__main__')\n"
    )
    python.chmod(0o755)
    monkeypatch.setattr(verification.sys, "executable", str(python))
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    results = list(verification.verified(tmp_path / "store", ["a", "deadly", "z"], lambda *_: None))
    found = [(result.run, len(result.findings)) for result in results]
    assert found == [("a", 0), ("deadly", 1), ("z", 0)]
    assert "reading it ended a process (SIGSEGV)" in results[1].findings[0].why


def put(content, file):
    with file.open("r+b") as opened:  # where it is, under the eyes of who has it open
        opened.write(content)


def test_the_tui_survives_what_is_done_to_the_file_that_it_shows(tmp_path, trained, thorough):
    shutil.copytree(trained, tmp_path / "store")
    file = tmp_path / "store" / "a" / "data.mdb"
    whole = file.read_bytes()
    with Terminal(tmp_path, "--store", tmp_path / "store") as terminal:
        terminal.wait_for(lambda screen: re.search(r"│ a$", screen, re.M))
        for number in range(40 if thorough else 2):
            content, moments = bytearray(whole), random.Random(number)
            for _ in range(20):
                moments.choice(IN_PLACE)(content, moments)
            terminal.keys("3")
            terminal.wait_for("GAN 0, epoch")
            put(content, file)
            terminal.keys("Left", "Left", "2", "1")
            terminal.wait_for("Filter")  # whatever it now says of this run, it goes on
            put(bytes(len(whole)), file)
            terminal.wait_for(lambda screen: re.search(r"^ a +unreadable", screen, re.M))
            put(whole, file)
            terminal.wait_for(lambda screen: re.search(r"^ a +complete", screen, re.M))
        terminal.keys("q")
        assert terminal.status() == 0
        terminal.assert_clean()
