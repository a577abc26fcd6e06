import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from store import Layout
from store.layout import describe

shapes = st.dictionaries(
    st.text("abc.", min_size=1, max_size=6), hnp.array_shapes(max_dims=3, max_side=4), max_size=5
)


@given(shapes)
def test_split_and_join_are_inverse_and_keep_the_order(shapes):
    layout = Layout.of(shapes)
    vector = np.arange(layout.size, dtype=np.float32)
    parts = layout.split(vector)
    assert {name: part.shape for name, part in parts.items()} == shapes
    if shapes:
        assert np.array_equal(layout.join(parts), vector)


def test_a_vector_of_another_length_is_refused():
    with pytest.raises(ValueError, match="10"):
        Layout.of({"w": (2, 5)}).split(np.zeros(9, np.float32))


def test_join_says_what_does_not_match():
    layout = Layout.of({"w": (2, 2), "b": (2,)})
    with pytest.raises(ValueError, match="b is missing; x is not expected"):
        layout.join({"w": np.zeros((2, 2), np.float32), "x": np.zeros(2, np.float32)})


def test_differences_are_told_by_name_and_value():
    assert describe({"w": (2,), "b": (1,)}, {"w": (3,), "b": (1,)}) == "w is (3,), not (2,)"
