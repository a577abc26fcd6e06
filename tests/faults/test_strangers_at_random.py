"""Files from strangers, changed at random: refused, or harmless to every command."""

import json
import random
import shutil

import numpy as np
import pytest

from store.verify import verify
from tests.commands import gangan
from tests.faults.strangers import REFUSED, bring_in, check_untouched, everything, export


@pytest.fixture(params=["safetensors", "npz"])
def out(tmp_path, request):
    return export(tmp_path, request.param)


NASTY = [
    -1, 0, 2**31, 10**30, 1e308, True, None, "", "..", "../../x", "/etc/passwd", "\x1b[31mred", "a\nb",
    "[/red]", "x" * 10_000, [], {}, [[]], {"a": 1}, "NaN", "2026-13-45T99:99:99",
]  # fmt: skip


def leaves(document, path=()):
    """The way to everything in a document that can be replaced."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from leaves(value, (*path, key))


def check_what_came_in(catalog):
    """An import that was not refused has made a run that every command can live with."""
    assert list(verify(catalog.path("x"))) == []
    listed = gangan("runs", "list", "--store", catalog.root)
    shown = gangan("runs", "show", "x", "--store", catalog.root)
    assert (listed.code, shown.code) == (0, 0), listed.err + shown.err
    assert not any(ord(letter) < 32 and letter != "\n" for letter in listed.out + shown.out)


def test_whatever_stands_in_a_manifest_it_is_refused_or_harmless(catalog, tmp_path, thorough):
    out = export(tmp_path, "safetensors")
    right = (out / "manifest.json").read_text()
    moments = random.Random(3)
    before = everything(tmp_path)
    came_in = 0
    for _ in range(3000 if thorough else 200):
        document = json.loads(right)
        *way, last = moments.choice(list(leaves(document)))
        place = document
        for step in way:
            place = place[step]
        if moments.random() < 0.1 and isinstance(place, dict):
            del place[last]
        else:
            place[last] = moments.choice(NASTY)
        (out / "manifest.json").write_text(json.dumps(document))
        try:
            bring_in(catalog, out)
        except REFUSED:
            check_untouched(catalog, tmp_path, before)
            continue
        came_in += 1
        if came_in % 20 == 1:
            check_what_came_in(catalog)
        shutil.rmtree(catalog.path("x"))
    assert came_in


def test_files_changed_at_random_are_refused_or_hold_finite_numbers(catalog, tmp_path, out, thorough):
    files = [file for file in out.rglob("*") if file.is_file()]
    moments = random.Random(4)
    before = everything(tmp_path)
    for _ in range(2000 if thorough else 100):
        file = moments.choice(files)
        right = file.read_bytes()
        content = bytearray(right)
        for _ in range(moments.randrange(1, 6)):
            content[moments.randrange(min(len(content), moments.choice([64, 10**6])))] = (
                moments.randrange(256)
            )
        if moments.random() < 0.2:
            del content[moments.randrange(len(content)) :]
        file.write_bytes(content)
        try:
            bring_in(catalog, out)
            with catalog.open("x") as run:
                assert np.isfinite(run.matrix()[0]).all()
            assert list(verify(catalog.path("x"))) == []
            shutil.rmtree(catalog.path("x"))
        except REFUSED:
            check_untouched(catalog, tmp_path, before)
        file.write_bytes(right)
