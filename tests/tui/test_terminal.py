"""`gangan tui` driven by keys in a real terminal: a session, and its end by any cause."""

import json
import os
import re
import shutil
import signal

import numpy as np
import pytest
from PIL import Image

from store import Run
from tests.tui.terminal import Terminal, alive, render_processes, wait_until

BRAILLE = re.compile("[\u2801-\u28ff]")
digits = re.compile("[▀▄█]{10}").search


def listed(screen):
    """The runs in the list, as they are indented."""
    return re.findall(r"^ ([ └├│]*\w+) +(?:complete|training|crashed|interrupted)", screen, re.M)


def value(screen):
    """Where the slider stands."""
    found = re.search(r"^ z\d of 16 = ([+-]\d\.\d\d) ", screen, re.M)
    return float(found[1]) if found else None


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
        start = value(terminal.wait_for("nearest snapshot", "distance", digits, value))
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


def test_a_signal_ends_it_with_its_render_process_and_leaves_terminal_and_training_as_they_were(
    tmp_path, held, trainer, gallery_store
):
    (held / "digits").symlink_to(gallery_store / "digits")
    with (
        Terminal(tmp_path / "term", "digits", "--store", held) as ended,
        Terminal(tmp_path / "hup", "t", "--store", held) as hung_up,
    ):
        for terminal in (ended, hung_up):
            terminal.wait_for("generator loss")
        ended.keys("3")
        ended.wait_for(digits)
        (renderer,) = render_processes(ended.pid)

        os.kill(ended.pid, signal.SIGTERM)
        os.kill(hung_up.pid, signal.SIGHUP)
        assert ended.status() == 143
        assert hung_up.status() == 129
        for terminal in (ended, hung_up):
            terminal.assert_clean()
        wait_until(lambda: not alive(renderer), "the renderer to end", 5)
    assert trainer.poll() is None


@pytest.mark.parametrize("shell", ["a shell that ends too", "a shell that ignores it"])
def test_it_ends_when_its_terminal_vanishes_from_below(tmp_path, trained, shell):
    before = "trap '' HUP" if "ignores" in shell else ""
    with Terminal(tmp_path, "a", "--store", trained, before=before) as terminal:
        terminal.wait_for("generator loss")
        processes = [terminal.pid]
        if before:
            terminal.keys("3")
            terminal.wait_for(digits)
            processes += render_processes(terminal.pid)
            assert len(processes) == 2
        terminal.vanish()
        wait_until(lambda: not any(map(alive, processes)), f"{processes} to end", 8)
