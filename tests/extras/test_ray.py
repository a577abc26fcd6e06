"""A real Ray cluster on this machine: a head and two nodes of one processor each, on loopback."""

import json
import signal

import pytest

from store import Catalog, Run
from tests.commands import fresh_start, gangan
from tests.runs import contents

pytest.importorskip("ray", reason="Ray is not installed: pip install 'gangan[ray]'")

NODE = {"node_ip_address": "127.0.0.1", "object_store_memory": 100 << 20}
# A node that is killed is missed within a second or two instead of half a minute.
IMPATIENT = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 500}
GANS, EPOCHS = 4, 8
TRAIN = f"train-gans --run r --dataset mnist5k --gans {GANS} --epochs {EPOCHS} --no-compile".split()

pytestmark = pytest.mark.xdist_group("ray")


@pytest.fixture(scope="module")
def cluster():
    from ray.cluster_utils import Cluster

    head = {**NODE, "num_cpus": 0, "include_dashboard": False, "_system_config": IMPATIENT}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    for _ in range(2):
        cluster.add_node(num_cpus=1, **NODE)
    yield cluster
    cluster.shutdown()


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """What the same command trains without a cluster."""
    store = tmp_path_factory.mktemp("local")
    assert gangan(*TRAIN, "--store", store).code == 0
    return contents(store / "r")


def begun(*arguments):
    """Start a training, and return it when some epochs are on disk."""
    process = fresh_start(*arguments, "--json")
    for _ in range(5):
        json.loads(process.stdout.readline())
    return process


def test_a_cluster_trains_the_same_run_though_a_node_is_killed_on_the_way(cluster, local, tmp_path):
    training = begun(*TRAIN, "--store", tmp_path, "--ray", cluster.address)
    cluster.remove_node(cluster.list_all_nodes()[-1], allow_graceful=False)
    cluster.add_node(num_cpus=1, **NODE)
    _, said = training.communicate()
    assert training.returncode == 0, said
    assert "goes on elsewhere, from epoch" in said
    assert contents(tmp_path / "r") == local
    with Run.open(tmp_path / "r") as run:
        trained_on = run.results("numerics/")
        assert len(trained_on) == GANS and all(one["node"] for one in trained_on.values())


def test_an_interrupted_training_goes_on_without_the_cluster(cluster, local, tmp_path):
    training = begun(*TRAIN, "--store", tmp_path, "--ray", cluster.address)
    training.send_signal(signal.SIGTERM)
    _, said = training.communicate()
    assert training.returncode == 143 and "To go on:" in said
    with Catalog(tmp_path).open("r") as run:
        assert 0 < run.progress().done < GANS * EPOCHS and run.state().status == "interrupted"
    assert gangan(*TRAIN, "--store", tmp_path).code == 0
    assert contents(tmp_path / "r") == local


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("127.0.0.1:1", "no Ray cluster answers at '127.0.0.1:1'"),
        ("nowhere", "no Ray cluster answers at 'nowhere'"),
    ],
)
def test_an_address_where_nothing_answers_is_an_error(tmp_path, address, message):
    found = gangan(*TRAIN, "--store", tmp_path, "--ray", address)
    assert found.code == 2 and message in found.err
    assert not (tmp_path / "r").exists()
