"""gangan evaluate"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Annotated

from gangan_cli.cli import diagnostics, options, output, progress_bars
from gangan_cli.cli.options import setting
from gangan_cli.paths import canonical

if TYPE_CHECKING:
    from gangan_cli.records import Evaluated

SIDE_BY_SIDE = 5
"""Most GANs to show, beside the real images, as columns with all scores; more are rows, with MAIN."""

MAIN = (
    "frechet", "mind", "kernel", "entropy", "inception",
    "precision", "recall", "coverage", "agreement", "parzen",
)  # fmt: skip


def evaluate(
    run: options.RunOrImages,
    gans: Annotated[str, setting(help="Which GANs, as in 0,3-7.", default="all")] = "",
    epochs: Annotated[
        str, setting(help="At which epochs, as in 10,50-60.", default="each GAN's last")
    ] = "",
    latents: Annotated[int, setting(help="For a GAN-GAN: GANs drawn per snapshot.", min=1)] = 8,
    samples: Annotated[int, setting(help="Images per GAN.")] = 10_000,
    quick: Annotated[
        bool, setting("--quick", help="Only Fréchet distance and labels, several GANs at once.")
    ] = False,
    seed: Annotated[int, setting(help="Seed of the noise.", min=0)] = 0,
    dataset: Annotated[
        str, setting(help="Reference dataset.", default="the one they were trained on")
    ] = "",
    judge: Annotated[
        str, setting(help="standard, or paper: Karuvally's classifier, trained on first use.")
    ] = "standard",
    store: options.Store = None,
    data_dir: options.DataDir = None,
    force: options.Force = None,
    json: options.Json = False,
) -> None:
    """Judge GANs: how far from real images, how varied, how likely, how much copied.

    Results are kept with the run: a second call does only what is missing. Real images are scored beside
    them, as a floor. Instead of a run, images:PATH names images of yours: a folder of pictures, or a
    .npy, .npz or IDX file.

    **gangan evaluate digits**

    **gangan evaluate images:generated.npz --dataset mnist**
    """
    from gangan_cli.images.loading import FOLDER

    catalog = None if run.startswith(FOLDER) else options.catalog_with(run, store, force)
    from gangan_cli.evaluation.evaluate import EvaluationRequest, evaluate
    from gangan_cli.evaluation.others import evaluate_images
    from gangan_cli.memory import keep_freed_memory
    from gangan_cli.records import Evaluated
    from gangan_cli.threads import stay_within_limits

    stay_within_limits()
    keep_freed_memory()
    request = EvaluationRequest(gans, epochs, latents, samples, seed, quick, dataset, judge)
    found: list[Evaluated] = []
    kept = diagnostics.interruptible("what was judged is kept")
    with kept, progress_bars.bars_with_notice("training the judge") as on_progress:
        if catalog is None:
            path = canonical(run.removeprefix(FOLDER))
            results = evaluate_images(path, request, data_dir, on_progress)
        else:
            results = evaluate(catalog, run, request, data_dir, on_progress)
        for result in results:
            if not isinstance(result, Evaluated):
                diagnostics.warn(result.message)
                continue
            found.append(result)
            if json:
                output.line({"run": run, **result.document()})
    if not json:
        _show(found)


def _show(found: Sequence["Evaluated"]) -> None:
    from gangan_cli.evaluation.scores import SCORES
    from gangan_cli.evaluation.shipped import judged_by

    first = found[0]
    output.text(
        f"{first.samples:,} images each, against the test images of {judged_by(first.dataset)}; "
        f"judge {first.judge} ({first.accuracy:.2%})"
    )
    titles = [_title(result) for result in found]
    # Real images have classes, and so have scores that not all GANs have.
    known = {name for result in found[1:] or found for name in result.scored.values}
    if len(found) <= SIDE_BY_SIDE + 1:
        rows = [
            [score.title, *(_cell(result, name) for result in found)]
            for name, score in SCORES.items()
            if name in known
        ]
        output.table(["", *titles], rows, right=range(1, len(titles) + 1))
        _show_classes(found, titles, known)
        return
    shown = [name for name in MAIN if name in known]
    rows = [
        [title, *(_cell(result, name) for name in shown)]
        for title, result in zip(titles, found, strict=True)
    ]
    columns = [SCORES[name].title for name in shown]
    numbers = range(1, len(columns) + 1)
    output.table(["", *columns], rows, right=numbers, less=numbers[:3:-1])


def _show_classes(found: Sequence["Evaluated"], titles: Sequence[str], known: Collection[str]) -> None:
    """Show how many images there are of each class, and their Fréchet distances, where known."""
    from gangan_cli.evaluation.scores import CLASS_SCORES

    numbers = range(1, len(titles) + 1)
    rows = [
        [str(number), *(f"{result.scored.classes[number] / result.images:.1%}" for result in found)]
        for number in range(len(found[0].scored.classes))
    ]
    output.text("\nShare of the images that the judge counts to each class:")
    output.table(["class", *titles], rows, right=numbers)
    names = [name for name in CLASS_SCORES if name in known]
    if names:
        each = found[-1].images // len(CLASS_SCORES)
        output.text(f"\nFréchet distance of each class, about {each:,} images, to its test images:")
        rows = [
            [name.removeprefix("frechet_"), *(_cell(result, name) for result in found)] for name in names
        ]
        output.table(["class", *titles], rows, right=numbers)


def _title(result: "Evaluated") -> str:
    fewer = "" if result.images == result.samples else f" ({result.images:,})"
    return result.subject.title + fewer


def _cell(result: "Evaluated", name: str) -> str:
    """Return a score with its standard error, as "1012.3 ± 8.1"."""
    from gangan_cli.evaluation.scores import CLASS_SCORES, SCORES

    if name not in result.scored.values:
        return ""
    digits = (SCORES | CLASS_SCORES)[name].decimals
    value, error = result.scored.values[name], result.scored.errors.get(name)
    return f"{value:.{digits}f}" + ("" if error is None else f" ± {error:.{digits}f}")
