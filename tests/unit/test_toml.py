import tomllib

from gangan_cli import toml


def test_settings_come_back_as_they_were_and_what_is_not_set_is_left_out():
    settings = {"lr": 2e-05, "gans": "0,3-7", "batch_size": 32, "dataset": 'a "b" \\ é 🙂', "on": None}
    read = tomllib.loads(toml.table("train-gans", settings))
    assert read == {
        "train-gans": {"lr": 2e-05, "gans": "0,3-7", "batch-size": 32, "dataset": 'a "b" \\ é 🙂'}
    }
