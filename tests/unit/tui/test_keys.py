import ast
import inspect

import pytest

from gangan_cli.errors import ConfigurationError
from gangan_cli.tui.app import GanganApp
from gangan_cli.tui.keys import KEYS, bindings, keymap
from gangan_cli.tui.screens.latent import LatentPage
from gangan_cli.tui.screens.live import LivePage
from gangan_cli.tui.screens.runs import RunsPage

PAGES = {"runs": RunsPage, "live": LivePage, "latent": LatentPage}

TABLE = [pytest.param(place, key, id=key.id) for place, keys in KEYS.items() for key in keys]


def test_a_key_is_named_once_so_that_it_can_be_rebound():
    ids = [key.id for keys in KEYS.values() for key in keys]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("place", PAGES)
def test_a_key_does_one_thing_in_a_place(place):
    pressed = [
        one for where in ("everywhere", place) for key in KEYS[where] for one in key.keys.split(",")
    ]
    assert len(set(pressed)) == len(pressed)


@pytest.mark.parametrize(("place", "key"), TABLE)
def test_what_a_key_does_is_there_and_takes_what_it_is_given(place, key):
    name, _, given = key.action.rstrip(")").partition("(")
    of_app, _, action = name.rpartition(".")
    does = getattr(GanganApp if of_app else PAGES[place], f"action_{action}")
    arguments = ast.literal_eval(f"({given},)") if given else ()
    inspect.signature(does).bind(None, *arguments)


@pytest.mark.parametrize("place", KEYS)
def test_a_place_binds_its_keys_under_their_names(place):
    bound = bindings(place)
    assert [(b.id, b.key, b.action) for b in bound] == [(k.id, k.keys, k.action) for k in KEYS[place]]
    assert all(b.description for b in bound)
    at_once = {"everywhere": ["quit-anywhere"], "runs": ["filter"], "live": [], "latent": ["value"]}
    assert [b.id for b in bound if b.priority] == at_once[place]


def test_the_configuration_rebinds_keys_by_their_names():
    assert keymap({"quit": "x,ctrl+x", "play": "k"}) == {"quit": "x,ctrl+x", "play": "k"}


def test_a_name_that_no_key_has_is_refused_with_those_there_are():
    with pytest.raises(ConfigurationError, match=r"'fly', which no key does: runs, live, .*export"):
        keymap({"quit": "x", "fly": "f"})


@pytest.mark.parametrize("key", ["", 3, ["x"]])
def test_what_is_not_a_key_is_refused(key):
    with pytest.raises(ConfigurationError, match=r"quit is .*give keys"):
        keymap({"quit": key})
