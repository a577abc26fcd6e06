"""`gangan tui` driven by keys in a real terminal: a session, its end by any cause, sizes, keys."""

import json
import os
import re
import shutil
import signal
import subprocess

import numpy as np
import pytest
from PIL import Image

from store import Run
from tests.conftest import clean_environment, command
from tests.tui.terminal import Terminal, alive, painters, wait_until

BRAILLE = re.compile("[\u2801-\u28ff]")
digits = re.compile("[▀▄█]{10}").search


def listed(screen):
    """The runs in the list, as they are indented."""
    return re.findall(r"^ ([ └├│]*\w+) +(?:complete|training|crashed|interrupted)", screen, re.M)


def value(screen):
    """Where the slider stands."""
    found = re.search(r"^ z\d of 16 = ([+-]\d\.\d\d) ", screen, re.M)
    return float(found[1]) if found else None


def slider(screen):
    """How wide the slider is."""
    found = re.search(r"^ (━*●─*)$", screen, re.M)
    return len(found[1]) if found else 0


def two_plots(screen):
    """Whether both losses are drawn, each over an axis of epochs."""
    _, generator, rest = screen.partition("generator loss")
    generator, discriminator, rest = rest.partition("discriminator loss")
    return discriminator and all(
        BRAILLE.search(plot) and re.search(r"└─*┬─+┬", plot) and re.search(r"\n +[12] .* 8 *\n", plot)
        for plot in (generator, rest)
    )


def test_a_session_from_the_list_to_a_saved_picture(tmp_path, trained):
    with Terminal(tmp_path, "--store", trained) as terminal:
        terminal.wait_for(lambda screen: listed(screen) == ["a", "└ g", "  └ gg"])

        terminal.keys("/")
        terminal.wait_for("words, state:")
        terminal.type("family:r1")
        terminal.wait_for(lambda screen: listed(screen) == ["g", "└ gg"])
        terminal.type(" gg")
        terminal.wait_for(lambda screen: listed(screen) == ["gg"])
        terminal.keys("Escape")
        terminal.wait_for(lambda screen: listed(screen) == ["a", "└ g", "  └ gg"])

        terminal.keys("Up")
        terminal.wait_for("trained on  a")
        terminal.keys("Enter")
        terminal.wait_for("› g\n", "complete", two_plots)

        terminal.keys("3")
        start = value(terminal.wait_for("nearest snapshot", "distance", digits, slider, value))
        terminal.keys("Right")
        terminal.wait_for(lambda screen: start < value(screen) < start + 0.1)
        terminal.keys("space")
        seen = set()
        terminal.wait_for(lambda screen: seen.add(value(screen)) or len(seen) > 5)
        terminal.keys("space")
        stopped_at = terminal.wait_for_still(value)

        terminal.wait_for("distance")
        terminal.keys("e")
        terminal.wait_for("saved figures/g/latent-1.png")
        with Image.open(tmp_path / "figures" / "g" / "latent-1.png") as picture:
            picture.load()
            assert len(np.unique(np.asarray(picture))) > 50
            facts = json.loads(picture.text["gangan"])
        with Run.open(trained / "g") as run:
            assert (facts["run"], facts["id"]) == ("g", run.manifest.id)
        assert (facts["gan"], facts["epoch"]) == (0, 8)
        assert len(facts["latent"]) == 16
        assert facts["latent"][0] == pytest.approx(stopped_at, abs=0.0051)

        terminal.keys("q")
        assert terminal.status() == 0
        terminal.assert_clean()


def test_letters_that_come_at_once_after_the_slash_are_searched_for_and_do_nothing_else(
    tmp_path, trained
):
    shutil.copytree(trained, tmp_path / "store")
    with Terminal(tmp_path, "--store", tmp_path / "store") as terminal:
        terminal.wait_for("trained on  mnist5k")
        terminal.type("/dy")  # as one packet brings it
        terminal.wait_for(r"no run matches 'dy'", timeout=10)
        assert (tmp_path / "store" / "a" / "data.mdb").exists()


@pytest.fixture
def endless(tmp_path):
    """A training that never ends, in a store of its own."""
    store = tmp_path / "training"
    process = subprocess.Popen(
        command("train-gans", "--run", "t", "--dataset", "mnist5k", "--gans", 1, "--epochs", 10_000,
                "--batch-size", 250, "--no-compile", "--store", store),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_environment(),
        start_new_session=True,
    )  # fmt: skip
    try:
        yield process, store
    finally:
        process.terminate()
        process.wait(60)


def epochs_of(path):
    with Run.open(path) as run:
        return run.glance().done


def test_a_signal_ends_it_with_its_painter_and_leaves_terminal_and_training_as_they_were(
    tmp_path, endless
):
    training, store = endless
    wait_until(lambda: (store / "t").exists() and epochs_of(store / "t"), "the first epoch")
    with (
        Terminal(tmp_path / "term", "t", "--store", store) as ended,
        Terminal(tmp_path / "hup", "t", "--store", store) as hung_up,
    ):
        for terminal in (ended, hung_up):
            terminal.wait_for("generator loss")
        ended.keys("3")
        ended.wait_for(digits)
        (painter,) = painters(ended.pid)

        os.kill(ended.pid, signal.SIGTERM)
        os.kill(hung_up.pid, signal.SIGHUP)
        assert ended.status() == 143
        assert hung_up.status() == 129
        for terminal in (ended, hung_up):
            terminal.assert_clean()
        wait_until(lambda: not alive(painter), "the painter to end", 5)
    before = epochs_of(store / "t")
    wait_until(lambda: epochs_of(store / "t") > before, "the training to go on")
    assert training.poll() is None


@pytest.mark.parametrize("shell", ["a shell that ends too", "a shell that ignores it"])
def test_it_ends_when_its_terminal_vanishes_from_below(tmp_path, trained, shell):
    before = "trap '' HUP" if "ignores" in shell else ""
    with Terminal(tmp_path, "a", "--store", trained, before=before) as terminal:
        terminal.wait_for("generator loss")
        processes = [terminal.pid]
        if before:
            terminal.keys("3")
            terminal.wait_for(digits)
            processes += painters(terminal.pid)
            assert len(processes) == 2
        terminal.vanish()
        wait_until(lambda: not any(map(alive, processes)), f"{processes} to end", 8)


def test_any_size_from_60_by_15_up_shows_what_matters_and_it_comes_back_as_it_was_left(
    tmp_path, trained
):
    with Terminal(tmp_path, "--store", trained) as terminal:
        terminal.wait_for("trained on  mnist5k")
        for size in ((80, 24), (60, 15), (120, 40)):
            terminal.resize(*size)
            terminal.wait_for(
                lambda screen, size=size: (
                    len(screen.splitlines()) == size[1]
                    and listed(screen) == ["a", "└ g", "  └ gg"]
                    and screen.count("complete") == (4 if size[0] == 120 else 3)
                    and "q Quit" in screen.splitlines()[-1]
                ),
                timeout=10,
            )
        terminal.keys("Down", "Enter")
        for size in ((80, 24), (60, 15), (20, 5), (120, 40)):
            terminal.resize(*size)
            if size[0] >= 60:
                widths = range(size[0] - 3, size[0] + 1)
                terminal.wait_for(
                    "› g\n",
                    "cpu",
                    two_plots,
                    lambda screen, widths=widths: max(map(len, screen.splitlines())) in widths,
                    timeout=10,
                )
        terminal.keys("3")
        terminal.wait_for("distance")
        for size in ((80, 24), (60, 15), (120, 40)):
            terminal.resize(*size)
            terminal.wait_for(
                "nearest snapshot",
                digits,
                value,
                lambda screen, width=size[0] - 2: slider(screen) == width,
                timeout=10,
            )
        terminal.keys("2")
        terminal.wait_for(two_plots)
        terminal.keys("q")
        assert terminal.status() == 0
        terminal.assert_clean()

    with Terminal(tmp_path, "--store", trained) as terminal:
        terminal.wait_for("› g\n", two_plots)


def test_help_palette_and_keys_of_ones_own(tmp_path, trained):
    (tmp_path / "mine.toml").write_text('[tui.keys]\nquit = "x"\nlatent = "f3"\n')
    with Terminal(tmp_path, "--store", trained, "--config", "mine.toml") as terminal:
        terminal.wait_for("trained on  mnist5k")
        terminal.keys("?")
        terminal.wait_for("Everywhere")
        for key, says in (
            ("d", "Delete the run, after asking"),
            ("R", "Resume a run that is not complete"),
            ("/", "Filter"),
            ("x", "Quit"),
            ("f3", "Latent"),
            ("[?]", "Help"),
        ):
            terminal.wait_for(re.compile(rf"│  {key} +{says} ").search, timeout=5)
        terminal.keys("Escape")
        terminal.wait_for(lambda screen: "Everywhere" not in screen)

        terminal.keys("C-p")
        terminal.wait_for("Search for commands")
        terminal.type("Scrub g")
        terminal.wait_for("Scrub gg")
        terminal.keys("Enter")
        terminal.wait_for("› g\n", "GAN-GAN 0 at epoch 8")

        terminal.keys("C-p")
        terminal.wait_for("Search for commands")
        terminal.type("Scrub gg")
        terminal.wait_for(lambda screen: screen.count("Scrub gg") == 2)
        terminal.keys("Enter")
        terminal.wait_for("› gg\n", "GAN-GAN 0 at epoch 3", timeout=5)

        terminal.keys("C-p")
        terminal.wait_for("Search for commands")
        terminal.type("Watch a")
        terminal.wait_for("its losses")
        terminal.keys("Enter")
        terminal.wait_for("› a\n", "discriminator loss")

        terminal.keys("q", "3")  # mean nothing now
        terminal.keys("F3")
        terminal.wait_for("GAN 0, epoch = 3")
        terminal.keys("x")
        assert terminal.status() == 0
