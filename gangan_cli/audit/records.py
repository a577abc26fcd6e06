"""Audits as plain values, stored with the audited run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gangan_cli.audit.audit import Audit, check
from gangan_cli.audit.auditor import audits
from gangan_cli.audit.options import Options
from gangan_cli.documents import from_document, to_document
from gangan_cli.evaluation.evaluate import chosen, opened
from gangan_cli.progress import ProgressCallback
from gangan_cli.records import AUDIT_VERSION
from gangan_cli.sampling.datasets import dataset_of, mismatch
from store import Catalog, Run


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
        found = []
        for one in audits(catalog, lineage, request.options, data_dir, on_progress, warn, wanted, known):
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
    """Return an audit as plain values."""
    samplers = [{"name": one.label, **to_document(one)} for one in audit.samplers]
    return {**to_document(audit), "version": AUDIT_VERSION, "samplers": samplers}


def audit_of(document: Mapping[str, Any]) -> Audit:
    """Return an audit from its plain values."""
    return from_document(Audit, document)


def _kept(run: Run) -> list[Audit]:
    documents = run.results("audit/").values()
    return [audit_of(one) for one in documents if one.get("version") == AUDIT_VERSION]


def _key(audit: Audit) -> str:
    """Return the key of a stored audit, without the judge: the audit itself names it."""
    options = audit.options
    numbers = (audit.gan, audit.epoch, options.count, options.images, options.points, options.seed)
    return "/".join(["audit", *map(str, numbers), *filter(None, [options.dataset])])
