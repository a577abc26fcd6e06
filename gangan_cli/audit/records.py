"""Audits as plain values, stored with the audited run."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gangan_cli.audit.alignment_report import Alignment, Shift
from gangan_cli.audit.audit import Audit, Inside, audits, check
from gangan_cli.audit.benchmark import Axis, HeldOut, Options, Row
from gangan_cli.audit.claims import claims, covered
from gangan_cli.evaluation.evaluate import chosen, opened
from gangan_cli.evaluation.judge import Told
from gangan_cli.sampling.datasets import dataset_of, mismatch
from gangan_cli.weightspace.novelty import Found
from store import Catalog, Run

ARRAYS = {
    Row: ("frechet", "keys", "distances", "ratios", "residuals", "pictures"),
    Axis: ("positions", "keys", "distances", "frechet"),
    HeldOut: ("keys", "distances"),
    Found: ("rows", "distances", "ratios", "residuals"),
}

VERSION = 3
"""Counts changes to what an audit measures or how it is stored. Version 2, which named samplers by their
labels, is read too; earlier audits are done again."""

VERSION_2_NAMES: Mapping[str, str] = {
    "the GAN-GAN": "gangan",
    "training snapshot": "snapshot",
    "snapshot + noise, ½ step": "snapshot_noise_0.5",
    "snapshot + noise, 1 step": "snapshot_noise_1",
    "snapshot + noise, 2 steps": "snapshot_noise_2",
    "mean of the last 10": "mean_of_last",
    "moving average": "moving_average",
    "between snapshots of a GAN": "interpolation_within_gan",
    "between two GANs": "interpolation_between_gans",
    "Gaussian per weight": "gaussian",
    "components + Gaussian": "pca_gaussian",
    "components + kernels": "pca_kernels",
    "snapshot on components": "pca_snapshot",
    "autoencoder + kernels": "autoencoder_kernels",
}
"""The ids of samplers, by the names that version 2 stored."""


@dataclass(frozen=True)
class Wish:
    """What to audit, and how: GAN-GANs and epochs as in "0,3-7" (empty: all, each at its last epoch)."""

    gans: str = ""
    epochs: str = ""
    options: Options = field(default_factory=Options)


def audited(
    catalog: Catalog,
    name: str,
    wish: Wish,
    data_dir: Path | None,
    told: Told,
    warn: Callable[[str], None],
) -> list[Audit]:
    """Return the audits of the run `name`: stored ones, or new ones, which are stored if the run can be
    written.

    Raises:
        ConfigurationError: `wish` selects what does not exist; or as `audits`.
        WorkFailed, StoreError: as `audits`.
    """
    with opened(catalog, name) as (lineage, keeps):
        check(lineage, wish.options)
        bottom = lineage.levels[-1].run.manifest
        if doubt := mismatch(name, bottom, dataset_of(bottom, wish.options.dataset)):
            warn(doubt)
        if not keeps:
            warn(f"{name} cannot be written: what is found is not kept")
        wanted = chosen(lineage.top, wish.gans, wish.epochs)
        known = [one for one in _kept(lineage.top) if one.options == wish.options]
        before = {(one.gan, one.epoch): one for one in known}
        if before.keys() >= set(wanted) and len({before[snapshot].judge for snapshot in wanted}) == 1:
            found = [before[snapshot] for snapshot in wanted]
        else:
            found = []
            for one in audits(lineage, wish.options, data_dir, told, warn, wanted, known):
                found.append(one)
                if keeps and not any(one is other for other in known):
                    lineage.top.add_results({_key(one): document_of(one)})
        for doubt in dict.fromkeys(one.doubt for one in found if one.doubt):
            warn(doubt)
        return found


def known_audit(run: Run, gan: int, epoch: int) -> Audit | None:
    """Return the stored audit of a snapshot, or None. Of several, prefer those on the dataset of the
    lineage, then most samples, then most images."""

    def worth(audit: Audit) -> tuple[bool, int, int]:
        options = audit.options
        return not options.dataset, options.count, options.images

    found = [one for one in _kept(run) if (one.gan, one.epoch) == (gan, epoch)]
    return max(found, key=worth, default=None)


def document_of(audit: Audit) -> dict[str, Any]:
    """Return an audit as plain values, with the claims and the shares of GANs and epochs covered."""
    return {
        **plain(audit),
        "version": VERSION,
        "rows": [{"id": row.id, "name": row.label, **plain(row)} for row in audit.rows],
        "claims": [plain(claim) for claim in claims(audit)],
        "covered": {row.label: covered(audit, row) for row in audit.rows},
    }


def audit_of(document: Mapping[str, Any]) -> Audit:
    """Return an audit from its plain values, also from those of version 2."""
    names = [field.name for field in dataclasses.fields(Audit)]
    held_out, aligned, inside = (document.get(name) for name in ("held_out", "aligned", "inside"))
    return Audit(
        **{
            **{name: document[name] for name in names if name in document},
            "options": Options(**document["options"]),
            "own": _filled(Found, document["own"]),
            "rows": [_row(row) for row in document["rows"]],
            "axis": _filled(Axis, document["axis"]),
            "across": _number(document["across"]),
            "matched": np.array(document["matched"]),
            "held_out": held_out and _filled(HeldOut, held_out),
            "asked": None if document["asked"] is None else np.array(document["asked"]),
            "aligned": aligned and _alignment(aligned),
            "inside": inside and _inside(inside),
        }
    )


def _kept(run: Run) -> list[Audit]:
    documents = run.results("audit/").values()
    return [audit_of(one) for one in documents if one.get("version") in (2, VERSION)]


def _filled(kind: type, document: Mapping[str, Any]) -> Any:
    arrays = {name: np.array(document[name]) for name in ARRAYS[kind]}
    return kind(**{**document, **arrays})


def _row(document: Mapping[str, Any]) -> Row:
    inside = document.get("inside")
    layers = {name: _number(steps) for name, steps in document["layers"].items()}
    values = {
        **document,
        "id": document.get("id") or VERSION_2_NAMES[document["name"]],
        "layers": layers,
        "inside": inside and _filled(Found, inside),
    }
    del values["name"]
    row: Row = _filled(Row, values)
    return row


def _inside(document: Mapping[str, Any]) -> Inside:
    return Inside(document["spacing"], _number(document["across"]), _filled(Found, document["own"]))


def _number(value: float | None) -> float:
    """Return a number that `plain` converted: NaN for None."""
    return math.nan if value is None else value


def _alignment(document: Mapping[str, Any]) -> Alignment:
    layers = {name: Shift(**shift) for name, shift in document["layers"].items()}
    return Alignment(**{**document, "whole": Shift(**document["whole"]), "layers": layers})


def plain(value: Any) -> Any:
    """Return a value as strict JSON allows it: None for NaN, which arrays must not hold."""
    if dataclasses.is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    # `across` is NaN if there is only one GAN; strict JSON has no NaN.
    return None if isinstance(value, float) and math.isnan(value) else value


def _key(audit: Audit) -> str:
    """Return the key of a stored audit, without the judge: the audit itself names it."""
    options = audit.options
    numbers = (audit.gan, audit.epoch, options.count, options.images, options.points, options.seed)
    return "/".join(["audit", *map(str, numbers), *filter(None, [options.dataset])])
