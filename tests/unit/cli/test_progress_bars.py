"""How far something has come, where there is no terminal."""

from gangan_cli.cli import progress_bars


def test_a_line_is_said_only_when_the_last_was_long_ago(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(progress_bars.time, "monotonic", lambda: now[0])
    with progress_bars.bars_with_notice("training the judge") as told:
        for second in range(35):
            now[0] = float(second)
            told("training the judge", 100 * second, 20_000)
    assert capsys.readouterr().err.splitlines() == [
        "training the judge, once for each dataset: some minutes …",
        "training the judge: 1,000 of 20,000",
        "training the judge: 2,000 of 20,000",
        "training the judge: 3,000 of 20,000",
    ]
