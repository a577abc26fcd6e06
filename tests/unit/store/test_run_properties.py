"""A run against a plain dict, over any sequence of commits."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from store import Run
from tests.runs import numbers, small_manifest

commits = st.lists(
    st.tuples(st.integers(1, 6), st.sets(st.integers(0, 4), min_size=1), st.booleans()), max_size=12
)


@settings(max_examples=30, deadline=None)
@given(commits)
def test_a_run_is_a_map_from_gan_and_epoch_to_the_first_commit(commits):
    expected, resume = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        with Run.create(Path(folder) / "r", small_manifest()) as run:
            for index, (epoch, gans, saves) in enumerate(commits):
                gans = sorted(gans)
                vectors, states = numbers(index, len(gans), 10), numbers(-index % 99, len(gans), 5)
                extra = (vectors, states) if saves else (None, None)
                run.commit(epoch, gans, np.zeros((len(gans), 2, 2)), *extra)
                if saves:
                    committed = {(gan, epoch): row for gan, row in zip(gans, vectors, strict=True)}
                    expected = committed | expected
                    resume |= {gan: (epoch, row) for gan, row in zip(gans, states, strict=True)}
        with Run.open(Path(folder) / "r") as run:
            matrix, keys = run.matrix()
            assert list(map(tuple, keys.tolist())) == sorted(expected)
            for row, key in zip(matrix, sorted(expected), strict=True):
                assert np.array_equal(row, expected[key])
            for gan, (epoch, state) in resume.items():
                found, vector = run.checkpoint(gan)
                assert found == epoch
                assert np.array_equal(vector, state)
