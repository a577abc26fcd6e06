"""`gangan tui` beside trainings and other hands on the store: what it shows, says and lives through."""

import os
import re
import shutil
import signal
from contextlib import contextmanager, suppress
from pathlib import Path

from store import Run
from tests.commands import DIGITS, start
from tests.tui.screen import Screen
from tests.tui.terminal import Terminal, alive, wait_until


def trainers(store):
    """The processes of `train-gans` on a store that the TUI started, and those that they are making."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            arguments = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if {"gangan_cli", "train-gans", str(store)} <= set(arguments):
                found.append(int(process.name))
    return found


@contextmanager
def training(store, *arguments):
    """A training of the run `t` in another process; none of that store is left behind."""
    dataset = f"images:{DIGITS}"
    process = start("train-gans", "--run", "t", "--dataset", dataset, *arguments, "--store", store)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=30)
        left = trainers(store)
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not any(map(alive, left)), f"{left} to end")


PICTURE = re.compile("[▀▄█]{10}")

LONG = ["--gans", 2, "--epochs", 1000, "--batch-size", 250, "--workers", 1, "--no-compile"]


def done(screen):
    """Percent of the training that are done, by the line that the run has in the list or on its page."""
    found = re.search(r"^ t +(?:· +)?training (\d+)%", screen, re.M)
    return int(found[1]) if found else -1


def last_epoch(screen):
    """The last epoch on the axis of the plots."""
    ticks = re.findall(r"^ +(?:\d+ +)*(\d+)$", screen, re.M)
    return int(ticks[-1]) if ticks else 0


def trainer(store):
    """The process that trains the run."""
    with Run.open(store / "t") as run:
        return run.state().holder.pid


def counts(store):
    """How many GAN-epochs the run holds."""
    with Run.open(store / "t") as run:
        return run.progress().done


def test_a_training_is_watched_interrupted_and_resumed(tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    with Terminal(tmp_path, "--store", store) as terminal, training(store, *LONG) as process:
        terminal.wait_for("training 0%")
        terminal.keys("2")
        screen = terminal.wait_for("discriminator loss", timeout=60)
        epoch = last_epoch(screen)
        terminal.wait_for(
            "GAN-epochs/s",
            " left",
            lambda screen: last_epoch(screen) > max(2, epoch) and done(screen) > 0,
            timeout=60,
        )

        terminal.keys("1")
        terminal.wait_for("trained by")
        terminal.keys("i")
        terminal.wait_for("Interrupt t, training")
        terminal.keys("n")
        terminal.wait_for(lambda screen: "Interrupt t" not in screen)
        assert process.poll() is None
        terminal.keys("i")
        terminal.wait_for("Interrupt t, training")
        terminal.keys("y")
        terminal.wait_for("t was asked to stop")
        assert process.wait(20) == 143
        terminal.wait_for("t is interrupted")
        screen = terminal.wait_for(lambda screen: re.search(r"^ t +interrupted \d+%", screen, re.M))
        kept = int(re.search(r"interrupted (\d+)%", screen)[1])
        assert kept > 0

        terminal.keys("R")
        terminal.wait_for("t goes on")
        terminal.wait_for(lambda screen: done(screen) > kept, timeout=60)
        resumed = trainer(store)
        assert resumed != process.pid

        # what R started outlives a lost connection
        terminal.vanish()
        wait_until(lambda: not alive(terminal.pid), "the TUI to end", 10)
        before = counts(store)
        wait_until(lambda: counts(store) > before, "the training to go on")
        assert alive(resumed)


def test_a_training_that_is_killed_has_crashed_and_is_said_to_whoever_started_it(tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    with Terminal(tmp_path, "--store", store) as terminal, training(store, *LONG) as process:
        terminal.wait_for("training 0%")
        terminal.keys("2")
        terminal.wait_for("t  ·  training")
        process.kill()
        process.wait()
        terminal.wait_for("t  ·  crashed", timeout=5)
        terminal.wait_for("t is crashed", timeout=2)

        terminal.keys("1")
        terminal.wait_for(lambda screen: re.search(r"^ t +crashed", screen, re.M))


def test_what_others_do_to_the_runs_on_screen_is_said_and_it_goes_on(tmp_path, trained):
    store = tmp_path / "store"
    shutil.copytree(trained, store)
    for name in ("b", "c"):
        shutil.copytree(trained / "a", store / name)
    with Terminal(tmp_path, "--store", store) as terminal:
        terminal.wait_for("trained on  mnist5k")

        # d asks
        terminal.keys("Down", "Down", "Down")
        terminal.wait_for(lambda screen: re.search(r"│ b$", screen, re.M))
        terminal.keys("d")
        terminal.wait_for("Delete b: 6 snapshots")
        terminal.keys("n")
        terminal.wait_for(lambda screen: "Delete b" not in screen)
        terminal.keys("d")
        terminal.wait_for("Delete b: 6 snapshots")
        assert (store / "b" / "data.mdb").exists()
        terminal.keys("y")
        terminal.wait_for("b is deleted")
        assert not (store / "b").exists()
        terminal.wait_for(lambda screen: not re.search(r"^ b +complete", screen, re.M))

        # another hand deletes the run whose losses are shown
        terminal.keys("Down", "Down", "Down")
        terminal.wait_for(lambda screen: re.search(r"│ c$", screen, re.M))
        terminal.keys("Enter")
        terminal.wait_for("discriminator loss")
        shutil.rmtree(store / "c")
        terminal.wait_for("c has been removed", lambda screen: "› c\n" not in screen)

        # another hand cuts the file of the run whose pictures are shown
        terminal.keys("1")
        terminal.wait_for("Filter")
        terminal.keys("Up", "Up", "Up")
        terminal.wait_for(lambda screen: re.search(r"│ a$", screen, re.M))
        terminal.keys("3")
        terminal.wait_for("GAN 0, epoch = 3")
        terminal.wait_for(PICTURE.search)
        with (store / "a" / "data.mdb").open("r+b") as file:
            file.truncate(100_000)
        terminal.wait_for("a is unreadable")
        terminal.keys("Left")
        terminal.wait_for(lambda screen: "damaged" in screen and not PICTURE.search(screen))
        terminal.keys("2")
        terminal.wait_for("a cannot be read")
        terminal.keys("1")
        terminal.wait_for(lambda screen: re.search(r"^ a +unreadable", screen, re.M))

        # the others are as good as before
        terminal.keys("Down")
        terminal.wait_for("r1-mlp")
        terminal.keys("Enter")
        terminal.wait_for("› g\n", "discriminator loss")
        terminal.keys("q")
        assert terminal.status() == 0
        terminal.assert_clean()


async def test_a_file_grows_no_faster_for_being_watched(app_over, tmp_path):
    alone, watched = tmp_path / "alone", tmp_path / "watched"
    watched.mkdir()
    short = ["--gans", 1, "--epochs", 9, "--batch-size", 1000, "--workers", 1]
    async with app_over(watched).run_test(size=(120, 40)) as pilot:
        screen = Screen(pilot)
        with training(alone, *short) as first, training(watched, *short) as second:
            await screen.wait_for(lambda text: done(text) >= 0)
            await screen.keys("2")
            await screen.wait_for("discriminator loss")
            await screen.keys("3")
            await screen.wait_for(PICTURE.search)
            await screen.keys("2")
            await screen.wait_for("t  ·  complete")
            assert (first.wait(60), second.wait(60)) == (0, 0)
    sizes = [(store / "t" / "data.mdb").stat().st_size for store in (alone, watched)]
    # A heartbeat between two epochs lets one resume state (1.4 MB) be reused or not, watched or alone;
    # a reader that holds on to what it saw keeps one for each epoch.
    assert sizes[1] < sizes[0] + 2_000_000
