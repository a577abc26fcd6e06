"""What trainings gave when `known.json` was recorded: the same bytes come again on the same machine, and
nearly the same numbers on another one.

With RECORD_KNOWN=1 in the environment they are recorded anew (by one pytest process), which is right
only after a change that is meant to change what is trained.
"""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

FILE = Path(__file__).with_suffix(".json")


def machine() -> str:
    """What determines how results round here: the processor, down to its instructions, and versions."""
    lines = set(Path("/proc/cpuinfo").read_text().splitlines())
    named = ("model name", "model\t", "stepping", "cpu family", "flags")
    processor = "\n".join(sorted(line for line in lines if line.startswith(named)))
    return hashlib.sha256(f"{processor} {torch.__version__} {np.__version__}".encode()).hexdigest()[:16]


def check_known(name: str, snapshots: np.ndarray, losses: np.ndarray) -> None:
    """Compare a training with what is known of it: snapshots (n, P), and losses (n, L, 2)."""
    found = {
        "sha256": hashlib.sha256(snapshots.tobytes() + losses.tobytes()).hexdigest(),
        "norm": float(np.linalg.norm(snapshots[-1])),
        "losses": losses[-1, :, 0].tolist(),
    }
    if "RECORD_KNOWN" in os.environ:
        record(name, found)
    known = json.loads(FILE.read_text())
    expected = known["trainings"][name]
    assert found["norm"] == pytest.approx(expected["norm"], rel=1e-3)
    assert found["losses"] == pytest.approx(expected["losses"], rel=0.05, abs=0.02)
    if machine() == known["machine"]:
        assert found["sha256"] == expected["sha256"], f"{name} is trained differently than before"


def record(name: str, found: dict[str, object]) -> None:
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    trainings = known.get("trainings", {}) if known.get("machine") == machine() else {}
    document = {"machine": machine(), "trainings": dict(sorted({**trainings, name: found}.items()))}
    FILE.write_text(json.dumps(document, indent=1) + "\n")
