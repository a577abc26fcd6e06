"""make study-gangan, on little."""

import json
import shutil
import sys

from tests.study.__main__ import main


def test_each_variant_has_a_line_and_its_seeds_figures(trained, tmp_path, monkeypatch, capsys):
    store, found = tmp_path / "store", tmp_path / "found.json"
    shutil.copytree(trained, store)
    arguments = [
        *("study", "--on", "a", "--store", store, "--json", found),
        *("--seeds", "2", "--count", "3", "--images", "40", "--set", "epochs=4", "batch_size=3"),
        *("--only", "default", "aligned: full"),
    ]
    monkeypatch.setattr(sys, "argv", list(map(str, arguments)))
    main()
    _, _, *lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0] for line in lines] == ["| default", "| aligned: full"]
    figures = json.loads(found.read_text())
    for seeds in figures.values():
        first, second = seeds
        assert first != second
        assert first["nearest"] > 0 and 0 <= first["near"] <= 1 and first["best"] > 0
    assert figures["default"] != figures["aligned: full"]
