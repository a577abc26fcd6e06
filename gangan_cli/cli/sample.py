"""gangan sample"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from gangan_cli.cli import diagnostics, options, output, progress_bars
from gangan_cli.cli.options import setting
from gangan_cli.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np

    from gangan_cli.sampling.lineage import Lineage

FORMS = {False: ("safetensors", "pt"), True: ("png", "npz")}
"""What --format may be: of state dicts, and of pictures."""

IMAGES_EACH = 2000
"""Number of images on which each GAN is judged for --best-of."""


def sample(
    run: options.RunName,
    count: Annotated[
        int,
        setting("--count", "--points", help="GANs to draw from a GAN-GAN.", min=1, max=100_000),
    ] = 16,
    seed: Annotated[int, setting(help="Seed of latents and noise.", min=0)] = 0,
    latent: Annotated[str, setting(help="The latent of a single GAN, as in 0.3,-1.")] = "",
    walk: Annotated[
        int | None, setting(help="Draw along this dimension of the latent, from -2 to 2.", min=1)
    ] = None,
    ask: Annotated[
        str, setting(help="The condition: epoch=80, score=150, or best; if the GAN-GAN has one.")
    ] = "",
    baseline: Annotated[
        str,
        setting(
            help="Draw by a baseline of gangan audit instead, fitted to the snapshots that the GAN-GAN "
            "was trained on, as in pca_kernels."
        ),
    ] = "",
    snapshot: Annotated[
        str,
        setting("--from", metavar="GAN[:EPOCH]", help="The snapshot.", default="the first GAN's last"),
    ] = "",
    name: Annotated[str, setting("--run", help="Add the drawn GANs to the store as this run.")] = "",
    out: Annotated[
        Path | None,
        setting(help="New folder for state dicts, or pictures.", callback=options.path_given),
    ] = None,
    images: Annotated[
        int | None,
        setting(
            help="Write so many pictures of each GAN instead (of GANs of numbers: numbers, or with png "
            "their densities).",
            min=1,
            max=1_000_000,
        ),
    ] = None,
    format: Annotated[
        str, setting(help="safetensors or pt; of pictures png or npz.", default="the first")
    ] = "",
    best_of: Annotated[
        int | None, setting(help="Draw so many GANs, and keep those with the best scores (--by).")
    ] = None,
    by: Annotated[str, setting(help="The score for --best-of: frechet, mind, entropy, …")] = "frechet",
    store: options.Store = None,
    data_dir: options.DataDir = None,
    force: options.Force = None,
    json: options.Json = False,
) -> None:
    """Draw GANs from a GAN-GAN, as a run or as state dicts; or pictures from either.

    **gangan sample gangan --count 64 --run drawn**

    **gangan sample gangan --count 8 --out gans**

    **gangan sample digits --images 100 --out pictures**
    """
    forms = FORMS[images is not None]
    if (form := format or forms[0]) not in forms:
        raise ConfigurationError(f"format is {format!r}: give {' or '.join(forms)}")
    if bool(name) == (out is not None):
        raise ConfigurationError("give either --run NAME or --out FOLDER, for what is drawn")
    if name and images is not None:
        raise ConfigurationError("pictures are written to a folder: give --out FOLDER")
    if out is not None and out.exists():
        raise ConfigurationError(f"{out} is there already: name a new folder")
    if best_of is not None and best_of < count:
        raise ConfigurationError(
            f"best-of is {best_of}: give {count} or more, of which {count} are kept"
        )
    if baseline and (latent or walk or ask or snapshot):
        raise ConfigurationError(
            "a baseline has no latent: leave out --latent, --walk, --ask and --from"
        )
    if latent and (walk or best_of):
        raise ConfigurationError("--latent names a single GAN: leave out --walk and --best-of")
    catalog = options.catalog_with(run, store, force)
    from gangan_cli.sampling.draws import LatentRequest, latents_of
    from gangan_cli.sampling.lineage import Lineage, resolve_snapshot
    from gangan_cli.sampling.weight_samplers import baseline_sampler
    from gangan_cli.threads import stay_within_limits

    stay_within_limits()
    with Lineage.open(catalog, run) as lineage:
        gan, epoch = resolve_snapshot(lineage.top, *_snapshot(snapshot))
        source = f"GAN {gan} at epoch {epoch}"
        about: dict[str, Any] = {"run": run, "gan": gan, "epoch": epoch, "seed": seed}
        if not lineage.is_gangan:
            if images is None:
                raise ConfigurationError(
                    f"run {run!r} was trained on images: give --images N --out FOLDER for pictures, or "
                    f"gangan runs export {run} for its weights"
                )
            if latent or walk or ask or best_of or baseline:
                raise ConfigurationError(
                    f"run {run!r} was trained on images: --latent, --walk, --ask, --baseline and "
                    "--best-of are for GAN-GANs"
                )
            _check_memory(images * lineage.family.data_dim)
            weights = lineage.top.snapshot(gan, epoch)[None]
        else:
            total = 1 if latent else best_of or count
            size = lineage.below.manifest.layout.size
            _check_memory(total * (size + (images or 0) * _pixels(lineage)))
            if baseline:
                source, latents = f"baseline {baseline}", None
                about = {"run": run, "baseline": baseline, "seed": seed}
                weights = baseline_sampler(lineage, baseline, seed).sample(total)
            else:
                latents = latents_of(lineage, LatentRequest(total, seed, latent, walk, ask))
                weights = lineage.sample_weights(latents, gan, epoch)
            weights = lineage.complete(weights)
            if best_of is not None:
                kept, about[by] = _best(lineage, weights, count, by, seed, data_dir)
                weights = weights[kept]
                latents = None if latents is None else latents[kept]
            if latents is not None:
                about["latents"] = latents.tolist()
        if images is not None:
            assert out is not None
            gans = "1 GAN" if len(weights) == 1 else f"{len(weights)} GANs"
            if lineage.numbers:
                _write_numbers(lineage, weights, images, out, form, about)
                done = f"{'densities' if form == 'png' else f'{images} numbers'} of {gans} are in {out}"
            else:
                _write_pictures(lineage, weights, images, out, form, about)
                done = f"{images} pictures of {gans} are in {out}"
        elif name:
            from gangan_cli.interchange.sampled import add_run

            add_run(catalog, name, lineage, weights, latents, source, force=bool(force))
            done = f"run {name} has {len(weights)} GANs drawn from {run}"
        else:
            from gangan_cli.interchange.sampled import write_state_dicts

            assert out is not None
            write_state_dicts(out, lineage, weights, form, about)  # type: ignore[arg-type]
            done = f"{len(weights)} state dicts drawn from {run} are in {out}"
    if json:
        output.document({**about, "gans": len(weights), "to": name or str(out)})
    diagnostics.say(done)


def _snapshot(text: str) -> tuple[int | None, int | None]:
    """Return the GAN and the epoch that GAN[:EPOCH] names."""
    gan, _, epoch = text.partition(":")
    try:
        return int(gan) if gan else None, int(epoch) if epoch else None
    except ValueError:
        raise ConfigurationError(f"from {text!r}: give GAN or GAN:EPOCH, as in 0:50") from None


def _pixels(lineage: "Lineage") -> int:
    if lineage.numbers:
        return 1
    about = lineage.on_images.dataset or {}
    return int(about["height"] * about["width"] * about.get("channels", 1))


def _check_memory(numbers: int) -> None:
    """Check that so many numbers, and copies of them, fit into memory.

    Raises:
        ConfigurationError: they do not.
    """
    from gangan_cli import formatting, limits

    if 4 * numbers > limits.available() / 3:
        raise ConfigurationError(
            f"what is drawn takes {formatting.size(4 * numbers)}, more than a third of the free memory: "
            "give a smaller --count or --images"
        )


def _best(
    lineage: "Lineage", weights: "np.ndarray", count: int, by: str, seed: int, data_dir: Path | None
) -> tuple["np.ndarray", list[float]]:
    """Return the rows of the `count` GANs with the best scores `by`, best first, and these scores."""
    import numpy as np

    from gangan_cli.evaluation.best import check_score, rank, score
    from gangan_cli.evaluation.quick import score_many
    from gangan_cli.evaluation.reference import reference_of
    from gangan_cli.sampling.datasets import data_dir_of, dataset_of

    check_score(lineage, by)
    bottom = lineage.on_images
    with progress_bars.bars_with_notice("training the judge") as on_progress:
        reference = reference_of(dataset_of(bottom), data_dir or data_dir_of(bottom), on_progress)
        scores = []
        for quick in score_many(lineage, weights, reference, IMAGES_EACH, seed):
            scores.append(score(lineage, quick, reference, by))
            on_progress("judging", len(scores), len(weights))
    rows = np.argsort([rank(value, by) for value in scores], kind="stable")[:count]
    return rows, [scores[row] for row in rows]


def _write_pictures(
    lineage: "Lineage", weights: "np.ndarray", images: int, out: Path, form: str, about: dict[str, Any]
) -> None:
    from gangan_cli.interchange.sampled import write_pictures

    pictures = [
        lineage.pictures(vector, images, about["seed"], generated=lineage.is_gangan)
        for vector in weights
    ]
    classes = lineage.classes
    labels = None if classes is None else [number % classes.count for number in range(images)]
    write_pictures(out, pictures, form, labels, about)


def _write_numbers(
    lineage: "Lineage", weights: "np.ndarray", count: int, out: Path, form: str, about: dict[str, Any]
) -> None:
    from gangan_cli.interchange.sampled import write_numbers
    from gangan_cli.sampling.densities import densities_of, generated_numbers

    numbers = generated_numbers(lineage, weights, count, about["seed"])
    if form == "npz":
        write_numbers(out, numbers, about)
        return
    from gangan_cli.figures.densities import PANELS, density_figure

    found = densities_of(lineage, weights[:PANELS], numbers[:PANELS])
    titles = [f"GAN {number}" for number in range(len(found.made))]
    figure = density_figure(f"{about['run']}: {count:,} numbers of each GAN", titles, found)
    write_numbers(out, numbers, about, figure.savefig)
