"""The same images have the same scores, whatever instructions, threads and libraries compute them."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

CODE = """
import json, sys
import numpy as np, torch
torch.set_num_threads(int(sys.argv[1]))
torch.backends.mkldnn.enabled = sys.argv[2] == "mkldnn"
from gangan_cli.evaluation.reference import reference_of
from gangan_cli.metrics import frechet, prdc
from gangan_cli.metrics.mind import Projections
reference = reference_of("mnist", None, lambda *_: None)
noise = np.random.default_rng(0).normal(0, 40, (600, 784))
pixels = (reference.images.real[:600] + noise).clip(0, 255).astype(np.uint8)
features = reference.judge.judged(pixels)[0]
shapes = prdc.prdc(reference.manifold, prdc.Manifold(features))
print(json.dumps({
    "capability": torch.backends.cpu.get_cpu_capability(),
    "features": features[:200].tolist(),
    "frechet": reference.frechet.distance(frechet.moments(features)),
    "mind": reference.projections.mind(Projections(features)),
    "images": [600 * shapes.precision, 10_000 * shapes.recall, 10_000 * shapes.coverage],
}))
"""


def scores(threads, library, **environment):
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(threads), library],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def usual():
    return scores(1, "mkldnn")


@pytest.mark.parametrize(
    ("threads", "library", "environment"),
    [
        (2, "own", {"ATEN_CPU_CAPABILITY": "default"}),
        pytest.param(2, "mkldnn", {"ATEN_CPU_CAPABILITY": "avx2"}, marks=pytest.mark.long),
        pytest.param(1, "mkldnn", {"ONEDNN_MAX_CPU_ISA": "AVX2"}, marks=pytest.mark.long),
        pytest.param(1, "own", {"MKL_ENABLE_INSTRUCTIONS": "AVX2"}, marks=pytest.mark.long),
    ],
)
def test_scores_do_not_depend_on_the_processor(usual, threads, library, environment):
    other = scores(threads, library, **environment)
    print(f"{usual['capability']}, {other['capability']} {environment}")
    one, two = (np.array(found["features"]) for found in (usual, other))
    assert np.sqrt(np.mean((one - two) ** 2)) <= 1e-5 * np.sqrt(np.mean(one**2))
    for name in ("frechet", "mind"):
        assert other[name] == pytest.approx(usual[name], rel=1e-4)
    assert np.abs(np.subtract(other["images"], usual["images"])).max() <= 2 + 1e-6
