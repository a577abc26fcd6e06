"""Does a layer that generator and critic share cost label entropy (001, section 6, figures 9 to 12)?

The label entropy of an image says how unsure the paper's classifier is of it: low is good, though one
clean digit over and over has 0. All images are scored by `evaluate` with the paper's judge. Beside the
paper's arms stands its control: a layer that stays as random as it was at the start. If that does as
well, then sharing does not work because the networks are alike.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from gangan_cli.errors import ConfigurationError
from gangan_cli.evaluation.evaluate import EvaluationRequest, Warned, evaluate
from gangan_cli.metrics.entropy import entropies
from gangan_cli.records import Evaluated, Subject
from gangan_cli.studies.answers import Finding
from gangan_cli.studies.entropy_result import Arm, Entropies, Scores, findings, tables
from gangan_cli.studies.study import StudyContext, Table
from store import Run

IMAGES = 1000
"""Images of each GAN, as in the paper."""

RANDOM_VECTORS = 20_000
"""Random vectors whose entropy is measured: the mean is then known within 0.001."""

TRAINING_IMAGES = 60_000


class EntropyStudy:
    """The study: see the module."""

    result = Entropies

    def measure(self, context: StudyContext) -> Entropies:
        """Judge the GANs of each run at its last epoch, and where it is kept at epoch 0."""
        arms, real, accuracy = [], None, 0.0
        for name in context.runs:
            with context.opened(name) as studied:
                run = studied.run
                _check(run)
                studied.require_complete()
                epochs = f"0,{run.manifest.epochs}" if run.manifest.keeps_initial else ""
            request = EvaluationRequest(epochs=epochs, samples=IMAGES, quick=True, judge="paper")
            judged = list(_judged(context, name, request))
            accuracy = judged[0].accuracy
            real = next(_scores(one) for one in judged if one.subject == Subject())
            with context.opened(name) as studied:
                arms.append(_arm(studied.run, judged))
        assert real
        return Entropies(arms, real, accuracy, *_random_vectors())

    def tables(self, found: Entropies) -> list[Table]:
        """Return the table of arms."""
        return tables(found)

    def findings(self, found: Entropies) -> list[Finding]:
        """Return what follows."""
        return findings(found)


def _check(run: Run) -> None:
    """Check that a run is an arm of the study.

    Raises:
        ConfigurationError: it is not.
    """
    if run.manifest.family not in ("wgan", "shared-wgan"):
        raise ConfigurationError(
            f"run {run.name!r} is of the family {run.manifest.family}: the study compares runs of wgan "
            "and shared-wgan, such as gangan train-gans --run shared --family shared-wgan trains"
        )


def _judged(context: StudyContext, name: str, request: EvaluationRequest) -> Iterator[Evaluated]:
    """Yield the scores of a run's GANs; warnings go to the user."""
    for one in evaluate(context.catalog, name, request, context.data_dir, context.on_progress):
        if isinstance(one, Warned):
            context.warn(one.message)
        else:
            yield one


def _arm(run: Run, judged: Sequence[Evaluated]) -> Arm:
    manifest, config = run.manifest, run.manifest.config
    hparams, last = manifest.hparams, manifest.epochs
    examples = int((manifest.dataset or {}).get("examples", TRAINING_IMAGES))
    steps = last * (examples // (config["batch_size"] * hparams["critic_steps"]))
    of_gans = [one for one in judged if one.subject.gan is not None]
    shares = manifest.family == "shared-wgan"
    return Arm(
        run=run.name,
        update=str(hparams["update"]) if shares else "",
        share=str(hparams["share"]) if shares else "",
        width=int(hparams["width"]),
        loss=str(hparams["loss"]),
        dataset=str(config["dataset"]),
        steps=steps,
        rate=float(config["lr"]),
        seed=int(config["seed"]),
        gans=[_scores(one) for one in of_gans if one.subject.epoch != 0],
        initial=[_scores(one) for one in of_gans if one.subject.epoch == 0],
    )


def _scores(one: Evaluated) -> Scores:
    values = one.scored.values
    return Scores(
        values["entropy"],
        values["entropy_std"],
        values["marginal_entropy"],
        values["frechet"],
        one.scored.entropies,
    )


def _random_vectors() -> tuple[float, float]:
    """Return mean and standard deviation of the entropy of ten numbers, uniform in [0, 1) and divided by
    their sum: what the paper's code calls random noise."""
    numbers = np.random.default_rng(0).random((RANDOM_VECTORS, 10))
    found = entropies(numbers / numbers.sum(axis=1, keepdims=True))
    return float(found.mean()), float(found.std())
