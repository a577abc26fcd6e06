import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from store import record

arrays = st.sampled_from(["<f4", "<f8", "<i8"]).flatmap(
    lambda dtype: hnp.arrays(dtype, st.integers(0, 40))
)


@given(arrays)
def test_values_and_dtype_come_back_exactly(array):
    back = record.decode(record.encode(array))
    assert back.dtype == array.dtype
    assert back.tobytes() == array.tobytes()


@given(arrays, st.data())
def test_any_changed_byte_is_noticed(array, data):
    value = bytearray(record.encode(array))
    place = data.draw(st.integers(0, len(value) - 1))
    value[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(record.BadRecord):
        record.decode(value)


@given(arrays, st.data())
def test_a_cut_record_is_noticed(array, data):
    value = record.encode(array)
    with pytest.raises(record.BadRecord):
        record.decode(value[: data.draw(st.integers(0, len(value) - 1))])


def test_decoding_copies_nothing_and_cannot_be_written_to():
    value = bytearray(record.encode(np.arange(4, dtype=np.float32)))
    view = record.decode(value)
    assert np.shares_memory(view, np.frombuffer(value, np.uint8))
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1


def test_other_dtypes_are_refused():
    with pytest.raises(TypeError, match="int8"):
        record.encode(np.zeros(3, np.int8))
