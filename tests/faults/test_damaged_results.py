"""Results of evaluations in a damaged run: named, dropped, and saved from a broken file."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from store import Run, record
from store.errors import Damaged
from store.repair import repair
from store.verify import verify
from tests.commands import COMMAND, gangan
from tests.runs import contents

PRESENT = Path(__file__).parent / "formats" / "2.mdb"
PAGE = 4096
FOUND = {f"fid/{gan}/{epoch}": {"value": gan + epoch / 8} for gan in (0, 1) for epoch in (2, 4)}


@pytest.fixture
def path(tmp_path):
    """A complete run with results, of which one was replaced."""
    path = tmp_path / "r"
    path.mkdir()
    shutil.copy(PRESENT, path / "data.mdb")
    with Run.open(path, write=True) as run:
        run.add_results(FOUND | {"fid/0/2": {"value": "outdated"}, "12345678": {"as": "long as a pair"}})
        run.add_results({"fid/0/2": FOUND["fid/0/2"], "state": {}, "curve": {"y": list(range(3000))}})
    return path


def results(path):
    with Run.open(path) as run:
        return run.results()


def put(path, key, value):
    """Put any bytes among the results, as a commit that says it is one."""
    with Run.open(path, write=True) as run, run._environment.writing(b"results") as transaction:
        transaction.put(b"results", key, value)
        run._put_state(transaction, run._state_in(transaction))


def sealed(key, text):
    return record.encode_text(text, record.place(b"results", key))


BAD = [
    (b"fid/0/2", b'{"transaction": 1, "result": {}}', "its end was changed"),
    (b"fid/0/2", sealed(b"fid/0/4", '{"transaction": 1, "result": {}}'), "checksum"),
    (b"fid/0/2", sealed(b"fid/0/2", '{"transaction": 1, "result": []}'), "not a document"),
    (b"fid/0/2", sealed(b"fid/0/2", '{"transaction": 1, "result": {"a": NaN}}'), "NaN is not JSON"),
    (b"fid/0/2", sealed(b"fid/0/2", '{"result": {}}'), "transaction"),
    (b"fid/0/2", sealed(b"fid/0/2", "[" * 100_000), "not a result"),
    (b"fid/0/2", record.encode(np.zeros(3), record.place(b"results", b"fid/0/2")), "end"),
    (b"fid/0/2", b"", "end"),
    (b"\x1b[31m", sealed(b"\x1b[31m", '{"transaction": 1, "result": {}}'), "printable"),
    (b"\xff\xfe", sealed(b"\xff\xfe", '{"transaction": 1, "result": {}}'), "utf-8"),
]


@pytest.mark.parametrize(("key", "value", "why"), BAD)
def test_what_is_no_result_is_named_and_dropped_and_leaves_no_gap(path, key, value, why):
    before, whole = contents(path), results(path)
    put(path, key, value)
    (found,) = verify(path)
    assert (found.what, found.gan, found.epoch, found.missing) == ("result", None, None, False)
    assert re.search(f"run 'r', result .*: .*{why}", found.why)
    assert found.why.isprintable()
    with pytest.raises(Damaged, match="gangan runs repair r drops it"):
        results(path)
    repaired = repair(path)
    assert ([one.what for one in repaired.findings], repaired.rebuilt) == (["result"], False)
    assert list(verify(path)) == []
    whole.pop(key.decode(errors="replace"), None)
    assert results(path) == whole
    assert contents(path) == before
    with Run.open(path) as run:
        assert run.state().status == "complete"


def test_a_file_made_anew_keeps_the_latest_results(path):
    before, whole = contents(path), results(path)
    with (path / "data.mdb").open("r+b") as file:
        file.write(bytes(2 * PAGE))
    assert repair(path).rebuilt
    assert results(path) == whole
    assert contents(path) == before
    with Run.open(path, write=True) as run:
        assert run.state().results
        run.add_results({"new": {}})
    assert results(path) == whole | {"new": {}}
    assert list(verify(path)) == []


def test_results_to_which_nothing_leads_are_noticed_and_saved(path):
    whole = results(path)
    content = (path / "data.mdb").read_bytes()
    (path / "data.mdb").write_bytes(re.sub(rb'(?<!")results', b"resultz", content))
    with pytest.raises(Damaged, match="nothing leads to its results"):
        Run.open(path)
    assert repair(path).rebuilt
    assert results(path) == whole


def test_a_damaged_state_takes_no_results_with_it(path):
    whole = results(path)
    with Run.open(path, write=True) as run, run._environment.writing() as transaction:
        transaction.put(b"state", b"state", b'{"stored": "complete"}broken')
    repair(path)
    assert results(path) == whole


def test_the_command_line_names_a_bad_result_and_drops_it(tmp_path, undisturbed):
    store = tmp_path / "store"
    shutil.copytree(undisturbed, store)
    with Run.open(store / "r", write=True) as run:
        run.add_results({"fid/0": {"value": 0.125}, "fid/1": {"value": 0.25}})
    assert gangan("runs", "verify", "--store", store).code == 0
    content = (store / "r" / "data.mdb").read_bytes()
    (store / "r" / "data.mdb").write_bytes(content.replace(b"0.125", b"9.125"))
    verified = gangan("runs", "verify", "r", "--json", "--store", store)
    assert (verified.code, [one["what"] for one in verified.document[0]["findings"]]) == (3, ["result"])
    assert "error: run 'r', result 'fid/0': its checksum does not match" in verified.err
    assert "gangan runs repair r drops damaged values\n" in verified.err
    repaired = gangan("runs", "repair", "r", "--json", "--store", store)
    assert (repaired.code, repaired.document["state"]) == (0, "complete"), repaired.err
    assert "16 of 16 snapshots are there" in repaired.err
    assert results(store / "r") == {"fid/1": {"value": 0.25}}
    again = gangan(*COMMAND, "--store", store, "--json")
    assert (again.code, again.lines[-1]["trained"]) == (0, 0)
