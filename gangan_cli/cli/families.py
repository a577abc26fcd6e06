"""gangan families"""

from typing import Any

from gangan_cli.cli import options, output


def families(json: options.Json = False) -> None:
    """List the kinds of GANs that can be trained, with their sizes and how they are trained.

    Options are changed with **--family-option KEY=VALUE** of gangan train-gans.
    """
    from gangan_cli.models.family import parameters
    from gangan_cli.models.registry import FAMILIES, build, options_of
    from gangan_cli.training.gans import resolve

    found: list[dict[str, Any]] = []
    for name, entry in FAMILIES.items():
        if not entry.of_images:
            continue
        default = resolve({"family": name})
        found.append(
            {
                "family": name,
                "parameters": parameters(build(name, {})),
                "options": options_of(name),
                "trained": {key: getattr(default, key) for key in ("epochs", "batch_size", "lr")},
                "paper": entry.paper,
                "line": entry.summary,
            }
        )
    if json:
        output.document(found)
        return
    output.table(
        ["family", "parameters", "epochs", "batch", "lr", "paper", "what it is", "options"],
        [
            [
                one["family"],
                f"{sum(one['parameters'].values()):,}",
                *(f"{value:g}" for value in one["trained"].values()),
                one["paper"],
                one["line"],
                " ".join(f"{name}={value}" for name, value in one["options"].items()),
            ]
            for one in found
        ],
        right=(1, 2, 3, 4),
        less=(7, 5, 3, 2, 4),
    )
