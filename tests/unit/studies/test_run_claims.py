"""What runs say of the papers' claims, by their sizes, evaluations and audits."""

import numpy as np
import pytest

from gangan_cli.records import AUDIT_VERSION, Evaluated, Scored, Subject
from gangan_cli.studies.pair_claims import findings_between
from gangan_cli.studies.run_claims import StoredRun, findings_of
from store import Layout, Run
from tests.runs import small_manifest


@pytest.fixture
def run(tmp_path):
    opened = []

    def make(size=113_745, **changes):
        manifest = {
            "layout": Layout.of({"discriminator.w": (size,)}),
            "config": {"seed": 3, "dataset": "mnist", "family_options": ""},
            "dataset": {"name": "mnist", "height": 28, "width": 28, "sha256": ""},
        }
        folder = tmp_path / str(len(opened))
        opened.append(Run.create(folder, small_manifest(**{**manifest, **changes})))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def by_claim(run):
    return {finding.claim: finding for finding in findings_of(StoredRun(run))}


def judge(run, gan, epoch, **values):
    scored = Scored({"frechet": 1.0, "entropy": 0.5, **values}, {}, [10] * 10, [100], {})
    subject = Subject() if gan is None else Subject(gan, epoch)
    found = Evaluated(subject, "mnist", "judge", 0.99, 100, 0, scored)
    run.add_results({f"evaluation/full/judge/100/0/{gan}/{epoch}/None": found.document()})


def test_a_new_run_answers_what_its_networks_answer(run):
    found = by_claim(run())
    assert list(found) == ["C0.1"]
    assert (found["C0.1"].verdict, found["C0.1"].figures) == ("holds", "113,745 parameters")
    assert by_claim(run(113_746))["C0.1"].verdict == "does not hold"
    assert not by_claim(run(config={"seed": 0, "family_options": "latent_dim=8"}))


def test_shared_weights_are_counted(run):
    shapes = {
        "critic.convolutions.1.weight": (64, 64, 5, 5),
        "generator.convolutions.1.weight": (64, 64, 5, 5),
        "generator.rest": (458_306,),
    }
    hparams = {"width": 64, "share": "2", "update": "critic"}
    found = by_claim(run(family="shared-wgan", hparams=hparams, layout=Layout.of(shapes)))
    assert found["C1.13"].figures == "102,400 of 663,106 are shared (15.4%)"


@pytest.mark.parametrize(
    ("slopes", "verdict"),
    [((-1, -1, -1), "holds"), ((1, 1, 1), "does not hold"), ((-1, 1, -1), "undecided")],
)
def test_gans_improve_if_the_interval_over_them_says_so(run, slopes, verdict):
    one = run(gans=3, epochs=6)
    for gan, slope in enumerate(slopes):
        for epoch in range(1, 7):
            judge(one, gan, epoch, frechet=100.0 + slope * epoch)
    found = by_claim(one)
    assert found["C0.4"].verdict == verdict and found["C0.4"].n == 3
    # They end alike, or at 94 and 106: of three GANs that may be more than a tenth.
    assert found["C0.9"].verdict == ("undecided" if verdict == "undecided" else "does not hold")
    assert "1.59 GB" in found["C0.9"].figures


def test_one_gan_decides_nothing_and_real_images_stand_beside(run):
    one = run(family="gan")
    judge(one, 0, 3, ones_sevens_nines=0.5)
    judge(one, None, None, ones_sevens_nines=0.316)
    found = by_claim(one)["C2.2"]
    assert (found.verdict, found.n, found.null) == ("undecided", 1, "real images 0.316")
    judge(one, 1, 3, ones_sevens_nines=0.35)
    assert by_claim(one)["C2.2"].verdict == "undecided"  # of two GANs the interval is wide
    judge(one, 1, 3, ones_sevens_nines=0.51)
    assert by_claim(one)["C2.2"].verdict == "holds"


def test_audits_answer_claims_about_gan_gans(run):
    def claim(id, verdict, value=0.0):
        return {"id": id, "claim": id, "verdict": verdict, "figures": "…", "value": value}

    one = run(hparams={"latent_dim": 1})
    for gan, verdict in enumerate(("holds", "does not hold")):
        claims = [claim("axis_follows_training", verdict, 0.95), claim("axis_follows_quality", "holds")]
        claims.append(claim("beats_last_snapshots", "does not hold"))
        document = {"version": AUDIT_VERSION, "gan": gan, "claims": claims}
        one.add_results({f"audit/{gan}": document})
    found = by_claim(one)
    assert found["C0.5"].verdict == "holds" and found["C0.5"].n == 2
    assert "epoch +0.95, +0.95" in found["C0.5"].figures
    assert found["C0.6"].verdict == "does not hold"
    one.add_results({"audit/0": {"version": AUDIT_VERSION, "gan": 0}})  # of another gangan
    assert "C0.1" in by_claim(one)


def test_losses_of_a_dcgan_are_looked_at_for_trends(run):
    one = run(family="dcgan", gans=2, epochs=8, layout=Layout.of({"discriminator.w": (4,)}))
    for epoch in range(1, 9):
        losses = np.array([[[epoch, 0], [-epoch, 0]]] * 2, float)
        one.commit(epoch, [0, 1], losses, np.zeros((2, 4), np.float32))
    found = by_claim(one)["C2.7"]
    assert found.verdict == "holds" and "8 of 200 epochs" in found.figures


def test_two_families_are_compared_at_the_epochs_that_both_were_judged(run):
    dcgan, gan, cgan = (run(family=family) for family in ("dcgan", "gan", "cgan"))
    for number in (0, 1, 2):
        for epoch in (1, 2, 9):
            judge(dcgan, number, epoch, frechet=50.0 + number, spots=0.1 + 0.01 * number)
        for epoch in (2, 3):
            judge(gan, number, epoch, frechet=200.0 + number)
        judge(cgan, number, 2, spots=1 + 0.1 * number)
    found = {one.claim: one for one in findings_between(list(map(StoredRun, (dcgan, gan, cgan))))}
    assert {claim: one.verdict for claim, one in found.items()} == {"C2.4": "holds", "C2.5": "holds"}
    assert "at epochs 2: 51, GAN 201" in found["C2.5"].figures and found["C2.5"].n == 3
