"""make study-gangan, on little."""

import json
import shutil
import subprocess
import sys

from tests.conftest import ONE_THREAD, clean_environment


def test_each_variant_has_a_line_and_its_seeds_figures(trained, tmp_path):
    store, found = tmp_path / "store", tmp_path / "found.json"
    shutil.copytree(trained, store)
    command = [
        *(sys.executable, "-m", "tests.study", "--on", "a", "--store", store, "--json", found),
        *("--seeds", "2", "--count", "3", "--images", "100", "--set", "epochs=4", "batch_size=3"),
        *("--only", "default", "aligned: full"),
    ]
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        check=True,
        env=clean_environment(**ONE_THREAD),
    )
    _, _, *lines = done.stdout.splitlines()
    assert [line.split(" | ")[0] for line in lines] == ["| default", "| aligned: full"]
    figures = json.loads(found.read_text())
    for seeds in figures.values():
        first, second = seeds
        assert first != second
        assert first["nearest"] > 0 and 0 <= first["near"] <= 1 and first["best"] > 0
    assert figures["default"] != figures["aligned: full"]
