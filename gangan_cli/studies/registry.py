"""The studies by name. Importing this imports no torch; running a study does."""

import difflib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from gangan_cli.errors import ConfigurationError


@dataclass(frozen=True)
class Recipe:
    """A run that a study needs, as settings of `gangan train-gans` by the names of GansConfig."""

    run: str
    settings: Mapping[str, Any]
    prefix: str = ""
    """Prefix of the dataset's name, such as "outlines:"."""

    def resolved(self, dataset: str | None) -> dict[str, Any]:
        """Return all settings; `dataset` is for recipes that name none, by default MNIST."""
        named = f"{self.prefix}{dataset or 'mnist'}" if dataset or self.prefix else None
        return {"run": self.run, **({"dataset": named} if named else {}), **self.settings}

    def command(
        self, dataset: str | None = None, store: Path | None = None, data_dir: Path | None = None
    ) -> str:
        """Return the command line that trains it."""
        words = ["gangan", "train-gans"]
        for name, value in self.resolved(dataset).items():
            option = f"--{name.replace('_', '-')}"
            if name == "family_options":
                for one in value.split():
                    words += ["--family-option", one]
            elif value is True:
                words.append(option)
            else:
                words += [option, str(value)]
        words += ["--store", str(store)] if store else []
        words += ["--data-dir", str(data_dir)] if data_dir else []
        return shlex.join(words)


@dataclass(frozen=True)
class StudyInfo:
    """A study's entry in the registry, known without importing its module."""

    where: str
    """Its module in gangan_cli.studies and its class, which is called without arguments."""
    figure: str
    """A module in gangan_cli.figures and its function (found, output) -> paths."""
    question: str
    """What the paper asks, in one line."""
    paper: str
    needs: str
    """The runs that it takes, in one line."""
    takes: str
    """About how long it takes, with and without its trainings."""
    version: int
    """Counts changes to what it measures or concludes: answers of other versions are not current."""
    claims: tuple[str, ...]
    """The rows of claims.py that it answers."""
    recipes: Sequence[Recipe] = field(default_factory=tuple)
    """The runs that it takes if none are named, and how to train them."""


def _arm(run: str, family: str, options: str, **more: Any) -> Recipe:
    """Return an arm of the study of label entropy: three GANs, with their untrained generators."""
    settings = {"family": family, "family_options": f"{options} loss=code", "gans": 3}
    return Recipe(run, {**settings, **ARMS, **more})


REDRAWN, FIXED = "normal:4,0.5,100000", "normal:4,0.5,20"
"""Numbers of which each batch is new, and the sample of the released code of 001, which fills each."""


def _of_numbers(run: str, family: str, options: str = "", dataset: str = REDRAWN) -> Recipe:
    """Return an arm of the study of GANs of numbers: 200 seeds."""
    chosen = {"family_options": options} if options else {}
    return Recipe(run, {"family": family, "gans": 200, "dataset": dataset, **chosen})


OPTIMUM = Recipe(
    "gaussian-optimum",
    {
        "family": "gaussian",
        "family_options": "generator=64,64 discriminator=32,32 reach=3 discriminator_steps=20 "
        "lr_decay=true normal_init=false",
        "gans": 8,
        "dataset": "normal:0,1,100000",
        "batch_size": 128,
        "epochs": 40,
        "snapshot_every": 2,
    },
)
"""A discriminator near its optimum (k = 20), and a generator that can curve a uniform noise's ends."""

# At width 16 58 epochs are the paper's 10,938 generator steps, and an hour of a core for each GAN.
ARMS = {"epochs": 58, "snapshot_every": 58, "keep_initial": True}


def _objective(run: str, options: str = "", k: int = 1) -> Recipe:
    """Return a run of the study of objectives: five GANs of 3,000 generator steps, each with k
    discriminator steps."""
    settings = {"family": "mlp", "family_options": options, "gans": 5, "batch_size": 100}
    part = {"examples": "0-49999", "keep_initial": True}
    return Recipe(run, {**settings, **part, "epochs": 6 * k, "snapshot_every": k})


STUDIES: Mapping[str, StudyInfo] = {
    "similarity": StudyInfo(
        where="similarity:SimilarityStudy",
        figure="similarity:draw_similarity",
        question="Are a generator's kernels like its discriminator's?",
        paper="001, figures 1 and 2",
        needs="runs of two GANs or more, with generator and discriminator",
        takes="seconds; about 3 h of a core to train",
        version=2,
        claims=("C1.7", "C1.8"),
        recipes=(
            Recipe("dcgan-32", {"family": "dcgan-32", "gans": 4, "epochs": 10}),
            Recipe("dcgan-32-outlines", {"family": "dcgan-32", "gans": 3, "epochs": 10}, "outlines:"),
            Recipe(
                "wgan-16",
                {"family": "wgan", "family_options": "width=16 loss=code", "gans": 3, "epochs": 4},
            ),
        ),
    ),
    "entropy": StudyInfo(
        where="entropy:EntropyStudy",
        figure="entropy_arms:draw_entropy_arms",
        question="Does a layer that generator and critic share cost label entropy?",
        paper="001, figures 9 to 12",
        needs="runs of wgan and shared-wgan that differ in nothing else",
        takes="minutes; 20 min for the paper's classifier, about 12 h of a core to train",
        version=1,
        claims=("C1.1", "C1.2", "C1.3", "C1.4", "C1.5", "C1.6", "C1.10", "C1.11", "C1.12"),
        recipes=(
            _arm("entropy-baseline", "wgan", "width=16"),
            _arm("entropy-shared", "shared-wgan", "width=16"),
            _arm("entropy-frozen", "shared-wgan", "width=16 update=frozen"),
            _arm("entropy-both", "shared-wgan", "width=16 update=both"),
            _arm("entropy-layer-1", "shared-wgan", "width=8 share=1"),
            _arm("entropy-layer-4", "shared-wgan", "width=8 share=4"),
            _arm("entropy-layers", "shared-wgan", "width=8 share=1,2,3,4"),
        ),
    ),
    "objectives": StudyInfo(
        where="objectives:ObjectivesStudy",
        figure="objectives:draw_objectives",
        question="What do the minimax objective and the discriminator's steps do?",
        paper="003, section 3",
        needs="runs of mlp or gan with several discriminator steps, trained on a part of a dataset",
        takes="5 min; 20 min of a core to train",
        version=2,
        claims=("C3.2", "C3.3"),
        recipes=(
            _objective("objectives-k1"),
            _objective("objectives-minimax", "loss=minimax"),
            _objective("objectives-k5", "discriminator_steps=5", k=5),
            _objective("objectives-k20", "discriminator_steps=20", k=20),
        ),
    ),
    "parzen": StudyInfo(
        where="parzen:ParzenStudy",
        figure="parzen:draw_parzen",
        question="How likely are test images under windows on a generator's samples?",
        paper="003, section 5",
        needs="a run of GANs of 28 × 28 pixels; the published figures are of goodfellow",
        takes="5 min; 6 h of a core to train",
        version=1,
        claims=("C3.1",),
        recipes=(
            Recipe(
                "goodfellow",
                {
                    "family": "goodfellow",
                    "gans": 3,
                    "examples": "0-49999",
                    "snapshot_every": 50,
                    "keep_initial": True,
                },
            ),
        ),
    ),
    "gaussian": StudyInfo(
        where="gaussian:GaussianStudy",
        figure="gaussian:draw_gaussian",
        question="Does a shared layer help a GAN to learn a normal distribution?",
        paper="001, figures 3 and 4",
        needs="runs of gaussian and shared-gaussian",
        takes="a minute; 10 min of two cores to train",
        version=1,
        claims=("C1.9",),
        recipes=(
            _of_numbers("gaussian-native", "gaussian"),
            _of_numbers("gaussian-shared", "shared-gaussian"),
            _of_numbers("gaussian-native-fixed", "gaussian", dataset=FIXED),
            _of_numbers("gaussian-shared-fixed", "shared-gaussian", dataset=FIXED),
            _of_numbers("gaussian-native-minibatch", "gaussian", "discriminator=8,8 minibatch=true"),
            _of_numbers("gaussian-shared-plain", "shared-gaussian", "minibatch=false"),
        ),
    ),
    "optimum": StudyInfo(
        where="optimum:OptimumStudy",
        figure="optimum:draw_optimum",
        question="Is D its known optimum, and does p_g become p_data?",
        paper="003, figure 1; 002, equations 2 and 3",
        needs="a run of gaussian without minibatch discrimination",
        takes="a minute; 3 min of a core to train",
        version=3,
        claims=("C2.12", "C3.4", "C3.5"),
        recipes=(OPTIMUM,),
    ),
}


def study_info(name: str) -> StudyInfo:
    """Return a study's entry.

    Raises:
        ConfigurationError: there is no such study.
    """
    if name not in STUDIES:
        near = difflib.get_close_matches(name, [*STUDIES, "claims"], n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(STUDIES)} and claims"
        raise ConfigurationError(f"no study {name!r}: {hint}")
    return STUDIES[name]


def build_study(name: str) -> Any:
    """Return the study `name` (a Study): this imports what it needs."""
    module, _, attribute = study_info(name).where.partition(":")
    return getattr(import_module(f"gangan_cli.studies.{module}"), attribute)()
