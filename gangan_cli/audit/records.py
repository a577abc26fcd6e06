"""Audits as plain values, stored with the audited run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gangan_cli.audit.audit import Audit, audits, check
from gangan_cli.audit.benchmark import Options
from gangan_cli.audit.claims import claims, covered
from gangan_cli.documents import from_document, to_document
from gangan_cli.evaluation.evaluate import chosen, opened
from gangan_cli.progress import ProgressCallback
from gangan_cli.sampling.datasets import dataset_of, mismatch
from store import Catalog, Run

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
class AuditRequest:
    """What to audit, and how: GAN-GANs and epochs as in "0,3-7" (empty: all, each at its last epoch)."""

    gans: str = ""
    epochs: str = ""
    options: Options = field(default_factory=Options)


def audited(
    catalog: Catalog,
    name: str,
    request: AuditRequest,
    data_dir: Path | None,
    on_progress: ProgressCallback,
    warn: Callable[[str], None],
) -> list[Audit]:
    """Return the audits of the run `name`: stored ones, or new ones, which are stored if the run can be
    written.

    Raises:
        ConfigurationError: `request` selects what does not exist; or as `audits`.
        WorkFailed, StoreError: as `audits`.
    """
    with opened(catalog, name) as (lineage, keeps):
        check(lineage, request.options)
        bottom = lineage.on_images
        if warning := mismatch(name, bottom, dataset_of(bottom, request.options.dataset)):
            warn(warning)
        if not keeps:
            warn(f"{name} cannot be written: results are not stored")
        wanted = chosen(lineage.top, request.gans, request.epochs)
        known = [one for one in _kept(lineage.top) if one.options == request.options]
        before = {(one.gan, one.epoch): one for one in known}
        if before.keys() >= set(wanted) and len({before[snapshot].judge for snapshot in wanted}) == 1:
            found = [before[snapshot] for snapshot in wanted]
        else:
            found = []
            for one in audits(lineage, request.options, data_dir, on_progress, warn, wanted, known):
                found.append(one)
                if keeps and not any(one is other for other in known):
                    lineage.top.add_results({_key(one): document_of(one)})
        for warning in dict.fromkeys(one.doubt for one in found if one.doubt):
            warn(warning)
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
        **to_document(audit),
        "version": VERSION,
        "rows": [{"id": row.id, "name": row.label, **to_document(row)} for row in audit.rows],
        "claims": [to_document(claim) for claim in claims(audit)],
        "covered": {row.label: covered(audit, row) for row in audit.rows},
    }


def audit_of(document: Mapping[str, Any]) -> Audit:
    """Return an audit from its plain values, also from those of version 2."""
    rows = [{**row, "id": row.get("id") or VERSION_2_NAMES[row["name"]]} for row in document["rows"]]
    return from_document(Audit, {**document, "rows": rows})


def _kept(run: Run) -> list[Audit]:
    documents = run.results("audit/").values()
    return [audit_of(one) for one in documents if one.get("version") in (2, VERSION)]


def _key(audit: Audit) -> str:
    """Return the key of a stored audit, without the judge: the audit itself names it."""
    options = audit.options
    numbers = (audit.gan, audit.epoch, options.count, options.images, options.points, options.seed)
    return "/".join(["audit", *map(str, numbers), *filter(None, [options.dataset])])
