import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import keys

number = st.integers(0, 2**32 - 1)
pair = st.tuples(number, number)


@given(pair)
def test_a_key_comes_back(key):
    assert keys.unpack(keys.pack(*key)) == key


@given(st.lists(pair))
def test_bytes_sort_as_the_numbers_do(pairs):
    assert sorted(pairs) == [keys.unpack(key) for key in sorted(keys.pack(*p) for p in pairs)]


@pytest.mark.parametrize("bad", [(-1, 1), (0, -1), (2**32, 1)])
def test_numbers_out_of_range_are_refused_by_value(bad):
    with pytest.raises(ValueError, match=str(bad[0])):
        keys.pack(*bad)


def test_no_keys_is_an_empty_table():
    assert keys.as_array([]).shape == (0, 2)
