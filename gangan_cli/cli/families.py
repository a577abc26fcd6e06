"""gangan families"""

from typing import Any

from gangan_cli.cli import options, output


def families(json: options.Json = False) -> None:
    """List the kinds of GANs that can be trained, with their sizes.

    Sizes are changed with **--family-option KEY=VALUE** of gangan train-gans.
    """
    from gangan_cli.models import FAMILIES, build, options_of
    from gangan_cli.models.family import parameters

    found: list[dict[str, Any]] = []
    for name, entry in FAMILIES.items():
        if not entry.of_images:
            continue
        found.append(
            {
                "family": name,
                "parameters": parameters(build(name, {})),
                "options": options_of(name),
                "trained": dict(entry.trained),
                "paper": entry.paper,
                "line": entry.line,
            }
        )
    if json:
        output.document(found)
        return
    output.table(
        ["family", "parameters", "paper", "what it is", "options"],
        [
            [
                one["family"],
                f"{sum(one['parameters'].values()):,}",
                one["paper"],
                one["line"],
                " ".join(f"{name}={value}" for name, value in one["options"].items()),
            ]
            for one in found
        ],
        right=(1,),
    )
