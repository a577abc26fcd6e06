"""The settings of training, each described once: type, default, bounds and help.

The options of the command line and their help (cli/options.py), --config files (cli/configuration.py)
and the comparison with a stored run (training/run_setup.py) are made from these dataclasses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gangan_cli.errors import ConfigurationError
from gangan_cli.presets import PRESETS, R1
from gangan_cli.settings import check_bounds, setting_field

MAX_COUNT = 1_000_000
"""Maximum number of GANs, and of epochs: the store's (store/manifest.py)."""


@dataclass(frozen=True)
class EngineSettings:
    """The settings that the engine needs, for every family."""

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    snapshot_every: int
    init: str = "own"
    """Initial weights: each GAN's own ("own"), or those of GAN 0 for all ("shared")."""
    keep_initial: bool = False
    keep_step_losses: bool = False
    epoch_steps: int = 0
    """Steps of an epoch; 0: as many as one pass over the examples takes."""
    origins: tuple[tuple[int, int], ...] = ()
    """The (seed, number) that each GAN's random numbers come from; empty for (seed, its own number)."""

    def origin(self, gan: int) -> tuple[int, int]:
        """Return the (seed, number) that a GAN's random numbers come from."""
        return self.origins[gan] if self.origins else (self.seed, gan)

    def steps(self, examples: int, batches: int = 1) -> int:
        """Return the number of steps per epoch, if a step takes `batches` batches; of a pass over the
        examples an incomplete last step is dropped."""
        return self.epoch_steps or examples // (self.batch_size * batches)

    def saves(self, epoch: int) -> bool:
        """Return whether a snapshot is taken after `epoch`: after every `snapshot_every`-th, and after
        the last."""
        return epoch % self.snapshot_every == 0 or epoch == self.epochs


@dataclass(frozen=True)
class GansConfig:
    """Configuration of a run of GANs. The defaults are the paper's (section 3, "Training")."""

    run: str = setting_field("gans", "Name of the run.")
    dataset: str = setting_field(
        "mnist",
        "mnist, fashion-mnist, kmnist, mnist5k (5,000 digits, needs no network), celeba, or "
        "images:FOLDER for pictures of your own; if they lie in folders inside, each is a class. "
        "normal:MEAN,STD,N for N numbers, for the families of numbers.",
        also="or the family's",
        environment="GANGAN_DATASET",
    )
    examples: str = setting_field(
        "", "Which of its images to train on, counted from 0, as in 0-49999.", shown="all"
    )
    family: str = setting_field("mlp", "Kind of GAN: gangan families lists them.")
    family_options: str = setting_field(
        "",
        "A hyperparameter of the family; may be repeated.",
        names=("--family-option",),
        metavar="KEY=VALUE",
    )
    gans: int = setting_field(35, "Number of GANs.", at_least=1, at_most=MAX_COUNT)
    epochs: int = setting_field(100, also="or the family's", at_least=1, at_most=MAX_COUNT)
    batch_size: int = setting_field(128, also="or the family's", at_least=1)
    lr: float = setting_field(2e-4, "Learning rate.", also="or the family's", above=0)
    seed: int = setting_field(0, environment="GANGAN_SEED", at_least=0)
    snapshot_every: int = setting_field(
        1, "Epochs between two snapshots.", at_least=1, at_most=MAX_COUNT
    )
    init: str = setting_field(
        "own",
        "Initial weights: each GAN's own, or shared: those of GAN 0 for all.",
        one_of=("own", "shared"),
    )
    keep_initial: bool = setting_field(
        False, "Keep the initial weights too, as epoch 0.", names=("--keep-initial",)
    )
    keep_step_losses: bool = setting_field(
        False, "Keep the losses of every step, not only of epochs.", names=("--keep-step-losses",)
    )
    epoch_steps: int = setting_field(
        0,
        "Steps of an epoch, of a part of the examples or of several passes over them.",
        shown="as one pass takes, or the family's",
        at_least=0,
        at_most=MAX_COUNT,
    )

    def __post_init__(self) -> None:
        check_bounds(self)

    @property
    def settings(self) -> EngineSettings:
        """The engine's part of it."""
        return EngineSettings(
            self.epochs,
            self.batch_size,
            self.lr,
            self.seed,
            self.snapshot_every,
            self.init,
            self.keep_initial,
            self.keep_step_losses,
            self.epoch_steps,
        )


@dataclass(frozen=True)
class GanGanConfig:
    """Configuration of a GAN-GAN's run. The defaults are the preset `default`."""

    on: str = setting_field(help="Run whose snapshots to train on; may be a GAN-GAN's.")
    run: str = setting_field("gangan", "Name of the new run.")
    preset: str = setting_field(
        "default",
        "default (a short code of principal components, R1), trajectory (an axis along the training of "
        "GAN 0), paper (Algorithm 1 as printed) or released (the authors' code: GAN 0's snapshots 35 "
        "times over). Sets the other defaults.",
    )
    epochs: int = setting_field(250, at_least=1, at_most=MAX_COUNT)
    batch_size: int | None = setting_field(
        None, shown="an eighth of the snapshots, from 2 to 128", at_least=1
    )
    lr: float = setting_field(2e-3, "Adam's learning rate.", above=0)
    latent_dim: int = setting_field(
        0, "Dimensions of the latent space.", shown="16; flow: as many as an example has", at_least=0
    )
    gans: str = setting_field("", "Which GANs' snapshots, as in 0,3-7.", shown="all")
    snapshot_epochs: str = setting_field("", "Which epochs' snapshots, as in 50-.", shown="all")
    repeat: int | None = setting_field(
        None,
        "Passes over the snapshots per epoch.",
        shown="for 250 epochs to have 5.9 steps per snapshot, from 4,000 to 20,500; 3 with --batch-size",
        at_least=1,
    )
    members: int = setting_field(
        1, "Number of GAN-GANs, each with its own seed.", at_least=1, at_most=MAX_COUNT
    )
    seed: int = setting_field(0, environment="GANGAN_SEED", at_least=0)
    snapshot_every: int = setting_field(
        1, "Epochs between two snapshots.", at_least=1, at_most=MAX_COUNT
    )
    family: str = setting_field(R1, "Kind of generator: r1-mlp, mlp (the paper's GAN) or flow.")
    family_options: str = setting_field(
        "",
        "A hyperparameter of the family; may be repeated.",
        names=("--family-option",),
        metavar="KEY=VALUE",
    )
    components: int = setting_field(
        256, "Principal components that represent a weight vector; 0: raw weights.", at_least=0
    )
    bottleneck: int = setting_field(
        32,
        "Length of the code that an autoencoder makes of the components; 0: no autoencoder.",
        at_least=0,
    )
    polar: bool = setting_field(
        True, "Split components into direction and length: see weightspace/pca.py.", option=False
    )
    align: str = setting_field(
        "none",
        "Align the GANs first: none, permute (match their hidden units) or full (also balance scales "
        "and rotate the latent).",
        one_of=("none", "permute", "full"),
    )
    statistics: str = setting_field(
        "estimated",
        "Model batch statistics like weights, or estimate them from each generated GAN's images.",
        option=False,
        one_of=("estimated", "modelled"),
    )
    condition: str = setting_field(
        "none",
        "Condition on: none, epoch or score (the Fréchet distance; evaluate the snapshots first).",
        one_of=("none", "epoch", "score"),
    )
    keep_initial: bool = setting_field(
        False, "Keep the initial weights too, as epoch 0.", names=("--keep-initial",)
    )
    keep_step_losses: bool = setting_field(
        False, "Keep the losses of every step, not only of epochs.", names=("--keep-step-losses",)
    )

    def __post_init__(self) -> None:
        check_bounds(self)
        if self.condition != "none" and not self.components:
            raise ConfigurationError(
                f"condition is {self.condition!r}: only GAN-GANs on principal components can be "
                "conditioned"
            )

    @classmethod
    def preset_with(cls, given: Mapping[str, Any]) -> "GanGanConfig":
        """Return the preset that `given` names, changed by the other settings in `given`. Options of the
        family follow those of the preset, so that they count.

        Raises:
            ConfigurationError: no such preset, or a value out of bounds.
        """
        name = given.get("preset", "default")
        if name not in PRESETS:
            raise ConfigurationError(f"no preset {name!r}: choose from {', '.join(PRESETS)}")
        preset = dict(PRESETS[name])
        if given.get("family", preset.get("family", R1)) != preset.get("family", R1):
            preset.pop("family_options", None)
        options = f"{preset.get('family_options', '')} {given.get('family_options', '')}".strip()
        return cls(**{**preset, **given, "family_options": options})

    @property
    def settings(self) -> EngineSettings:
        """The engine's part of it, once the batch size is known."""
        assert self.batch_size is not None
        return EngineSettings(
            self.epochs,
            self.batch_size,
            self.lr,
            self.seed,
            self.snapshot_every,
            keep_initial=self.keep_initial,
            keep_step_losses=self.keep_step_losses,
        )


@dataclass(frozen=True)
class RunEnvironment:
    """Where and with what to train. This affects how long a run takes, not its result."""

    store: Path = setting_field(
        Path("gangan-runs"), "Folder of the runs.", environment="GANGAN_STORE", shown="./gangan-runs"
    )
    data_dir: Path | None = setting_field(
        None,
        "Folder with the datasets; missing ones are downloaded.",
        environment="GANGAN_DATA",
        shown="~/.cache/gangan",
    )
    device: str = setting_field("auto", "auto, cpu, cuda, cuda:N or mps.", environment="GANGAN_DEVICE")
    workers: int | None = setting_field(
        None,
        "Training processes.",
        environment="GANGAN_WORKERS",
        shown="one per core, or one per GPU",
        at_least=1,
    )
    ray: str = setting_field(
        "",
        "Train on a Ray cluster: its HOST:PORT, or auto for the one of this machine, or else "
        "a new one here.",
        environment="GANGAN_RAY",
    )
    compile: bool | None = setting_field(
        None,
        "Compile the training step: 30 to 120 s, once for such GANs.",
        names=("--compile/--no-compile",),
        environment="GANGAN_COMPILE",
        shown="where it pays",
    )
    force: bool = setting_field(
        False, "Skip the checks for free space and network file systems.", names=("--force",)
    )

    def __post_init__(self) -> None:
        check_bounds(self)
