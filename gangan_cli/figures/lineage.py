"""Figure 1 of the paper: which GAN was trained on what, down to the images."""

from pathlib import Path

from matplotlib.patches import FancyBboxPatch

from gangan_cli.figures.style import Output, house_look, new_figure, save
from gangan_cli.formatting import plain
from gangan_cli.sampling.datasets import numbers_of
from store import Run

WIDTH, HEIGHT, GAP = 2.7, 0.86, 0.95


@house_look
def draw_lineage(runs: list[Run], output: Output) -> list[Path]:
    """Draw a lineage as boxes, from the dataset to the top run. The first of `runs` is the top run."""
    bottom = runs[-1].manifest
    dataset = dict(bottom.dataset or {})
    what, shape = "images", f"{dataset.get('height')} × {dataset.get('width')}"
    if numbers_of(bottom):
        what, shape = "numbers", "one dimension"
    count = f"{dataset['examples']:,} {what}" if dataset["examples"] else what
    boxes = [(plain(dataset["name"]), count, shape)]
    arrows = []
    for depth, run in enumerate(reversed(runs), start=1):
        manifest, name = run.manifest, "-".join(["GAN"] * depth)
        trained = f"{manifest.gans} {name}{'s' if manifest.gans > 1 else ''} × {manifest.epochs} epochs"
        boxes.append(
            (run.name, trained, f"{manifest.family} · {manifest.layout.trainable.size:,} parameters")
        )
        arrows.append(what if depth == 1 else _examples(run))
    figure, ((axis,),) = new_figure(len(boxes) * (WIDTH + GAP) - GAP + 0.3, HEIGHT + 0.4)
    for index, (title, *lines) in enumerate(boxes):
        left = index * (WIDTH + GAP)
        axis.add_patch(
            FancyBboxPatch(
                (left, 0),
                WIDTH,
                HEIGHT,
                boxstyle="round,pad=0,rounding_size=0.08",
                facecolor="#EAF2F8" if index else "#F4F4F4",
                edgecolor="#333333",
                linewidth=0.9,
            )
        )
        for line, (text, weight) in enumerate([(title, "bold"), *((text, "normal") for text in lines)]):
            axis.text(
                left + WIDTH / 2,
                HEIGHT * (0.78 - 0.28 * line),
                text,
                ha="center",
                va="center",
                weight=weight,
                fontsize=9 if line == 0 else 8,
            )
        if index:
            axis.annotate(
                "",
                (left, HEIGHT / 2),
                (left - GAP, HEIGHT / 2),
                arrowprops={"arrowstyle": "-|>", "color": "#333333", "shrinkA": 2, "shrinkB": 2},
            )
            label = arrows[index - 1].replace(" ", "\n", 1)
            axis.text(left - GAP / 2, HEIGHT / 2 + 0.1, label, ha="center", va="bottom", fontsize=7)
    axis.set_xlim(-0.1, len(boxes) * (WIDTH + GAP) - GAP + 0.1)
    axis.set_ylim(-0.1, HEIGHT + 0.1)
    axis.set_aspect("equal")
    axis.axis("off")
    return save(figure, "lineage", runs[0], output, lineage=[run.name for run in runs])


def _examples(run: Run) -> str:
    repeat = int(run.manifest.config.get("repeat", 1))
    times = f"\n× {repeat}" if repeat > 1 else ""
    return f"{run.manifest.constants['keys'][0]:,} weight vectors{times}"
