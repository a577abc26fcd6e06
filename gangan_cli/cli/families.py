"""gangan families"""

from typing import Any

from gangan_cli.cli import options, output


def families(json: options.Json = False) -> None:
    """List the kinds of GANs, and of generators of weights, with their hyperparameters.

    Options are changed with **--family-option KEY=VALUE** of gangan train-gans and train-gangan.
    """
    from gangan_cli.models.registry import FAMILIES

    found = [_of_dataset(name) for name, info in FAMILIES.items() if info.of_datasets]
    found += [_of_weights(name) for name, info in FAMILIES.items() if info.of_weights]
    if json:
        output.document(found)
        return
    output.table(
        ["family", "of", "parameters", "epochs", "batch", "lr", "paper", "what it is", "options"],
        [
            [
                one["family"],
                one["of"],
                f"{one['distinct']:,}" if one["parameters"] else "–",
                *("–" if value is None else f"{value:g}" for value in one["trained"].values()),
                one["paper"],
                one["line"],
                " ".join(f"{name}={value}" for name, value in one["options"].items()),
            ]
            for one in found
        ],
        right=(2, 3, 4, 5),
        less=(8, 6, 4, 3, 5),
    )


def _of_dataset(name: str) -> dict[str, Any]:
    from gangan_cli.models.family import distinct_parameters, parameters
    from gangan_cli.models.registry import build, family_info, options_of
    from gangan_cli.training.gans import resolve

    default, info = resolve({"family": name}), family_info(name)
    return {
        "family": name,
        "of": "numbers" if info.of_numbers else "images",
        "parameters": parameters(build(name, {})),
        "distinct": distinct_parameters(build(name, {})),
        "options": options_of(name),
        "trained": {key: getattr(default, key) for key in ("epochs", "batch_size", "lr")},
        "paper": info.paper,
        "line": info.summary,
    }


def _of_weights(name: str) -> dict[str, Any]:
    """Describe a family of weights; its parameters and its batches depend on what it is trained on."""
    from gangan_cli.config import GanGanConfig
    from gangan_cli.models.registry import family_info, weight_options

    info = family_info(name)
    return {
        "family": name,
        "of": "weights",
        "parameters": {},
        "distinct": 0,
        "options": weight_options(name, ""),
        "trained": {"epochs": GanGanConfig.epochs, "batch_size": None, "lr": GanGanConfig.lr},
        "paper": info.paper,
        "line": info.summary,
    }
