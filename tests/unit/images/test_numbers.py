import numpy as np
import pytest
import torch

from gangan_cli.errors import ConfigurationError
from gangan_cli.images.loading import is_available, load_dataset, load_images, named
from gangan_cli.images.numbers import numbers_named


def test_numbers_are_those_of_the_distribution_and_the_same_each_time():
    values = load_dataset("normal:4,0.5,20000").values
    assert values.shape == (20_000, 1) and values.dtype == np.float32
    assert values.mean() == pytest.approx(4, abs=0.02)
    assert values.std() == pytest.approx(0.5, abs=0.02)
    assert np.array_equal(values, numbers_named("normal:4,0.5,20000").values)


def test_however_it_is_written_a_dataset_has_one_name():
    assert named("normal:4.0,.5,20") == named("normal: 4,5e-1,20") == "normal:4,0.5,20"
    about = numbers_named("normal:4,0.5,20").describe()
    assert about["name"] == "normal:4,0.5,20" and about["examples"] == 20
    assert about["sha256"] != numbers_named("normal:4,0.5,21").describe()["sha256"]


def test_a_batch_is_picked_by_index():
    dataset = numbers_named("normal:0,1,5")
    batch = dataset.load("cpu").batch(torch.tensor([[0, 4], [2, 2]]))
    expected = dataset.values[[[0, 4], [2, 2]]]
    assert batch.shape == (2, 2, 1) and np.array_equal(batch.numpy(), expected)


def test_the_density_integrates_to_one():
    x = np.linspace(-10, 10, 4001)
    density = numbers_named("normal:1,0.5,1").density(x)
    assert np.trapezoid(density, x) == pytest.approx(1)
    assert density.argmax() == np.abs(x - 1).argmin()


@pytest.mark.parametrize(
    "name",
    ["normal:", "normal:4", "normal:4,0.5", "normal:4,0,20", "normal:4,-1,20", "normal:4,0.5,0",
     "normal:nan,1,20", "normal:4,inf,20", "normal:4,0.5,20,1", "normal:4,0.5,2.5", "normal:4,0.5,1e9"],
)  # fmt: skip
def test_what_is_no_such_dataset_is_refused_with_the_form(name):
    with pytest.raises(ConfigurationError, match=r"give normal:MEAN,STD,N"):
        named(name)


def test_whoever_wants_images_is_told_that_there_are_none():
    with pytest.raises(ConfigurationError, match="holds numbers"):
        load_images("normal:4,0.5,20")
    assert not is_available("normal:4,0.5,20")
