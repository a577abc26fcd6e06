"""Verification of the runs of a store, in a child process that a damaged file may kill."""

import json
import signal
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import PIPE, Popen

from gangan_cli.progress import ProgressCallback
from gangan_cli.weightspace.snapshots import summarise
from store.verify import Finding, verify


@dataclass(frozen=True)
class Verified:
    """The result of verifying a run: how many values it holds, and what is wrong."""

    run: str
    values: int
    findings: list[Finding]


def verified(root: Path, names: Sequence[str], on_progress: ProgressCallback) -> Iterator[Verified]:
    """Verify the runs `names` of the store in `root`, one after the other.

    LMDB trusts its file, so a damaged one may kill the process that reads it. A child process therefore
    reads the runs. If a run kills it, that run is reported as damaged, and another child continues with
    the rest.
    """
    waiting = list(names)
    while waiting:
        command = [sys.executable, "-m", __spec__.name, str(root), *waiting]
        with Popen(command, stdout=PIPE, text=True) as child:
            assert child.stdout
            values, findings = 0, list[Finding]()
            for line in child.stdout:
                word, content = json.loads(line)
                if word == "finding":
                    findings.append(Finding(**content))
                elif word == "looked":
                    values = content[1]
                    on_progress(waiting[0], *content)
                else:
                    yield Verified(waiting.pop(0), values, findings)
                    values, findings = 0, []
        if waiting:  # the child ended early
            end = child.returncode
            how = signal.Signals(-end).name if end < 0 else f"exit code {end}"
            why = f"run {waiting[0]!r} is damaged: reading it ended a process ({how})"
            yield Verified(waiting.pop(0), values, [*findings, Finding("file", why)])


def sentences(run: str, findings: Collection[Finding]) -> list[str]:
    """Return findings as sentences; all missing values of one kind of a GAN share one."""
    missing: dict[tuple[str, int], list[int]] = {}
    for finding in findings:
        if finding.missing and finding.gan is not None and finding.epoch is not None:
            missing.setdefault((finding.what, finding.gan), []).append(finding.epoch)
    return [finding.why for finding in findings if not finding.missing] + [
        f"run {run!r}, GAN {gan}: {what} of epoch{'s' * (len(epochs) > 1)} {summarise(epochs)} missing"
        for (what, gan), epochs in missing.items()
    ]


def _child(root: Path, names: Sequence[str]) -> None:
    def tell(word: str, content: object = None) -> None:
        sys.stdout.write(json.dumps([word, content]) + "\n")
        sys.stdout.flush()

    for name in names:
        reported = 0

        def looked(done: int, total: int) -> None:
            nonlocal reported
            if done == total or done * 100 // total > reported:
                reported = done * 100 // total
                tell("looked", [done, total])

        for finding in (*verify(root / name, looked), *_layout(root / name)):
            tell("finding", asdict(finding))
        tell("end")


def _layout(path: Path) -> Iterator[Finding]:
    """Yield a finding if the stored layout is not that of the run's family and hyperparameters."""
    from gangan_cli.errors import ConfigurationError
    from gangan_cli.models.family import layout
    from gangan_cli.models.registry import build
    from store import Run, StoreError

    try:
        with Run.open(path) as run:
            manifest = run.manifest
        if layout(build(manifest.family, manifest.hparams)) != manifest.layout:
            yield Finding(
                "layout", f"run {path.name!r}: its layout is not that of its family and hyperparameters"
            )
    except ConfigurationError as error:
        yield Finding("layout", f"run {path.name!r}: {error}")
    except StoreError:
        return  # `verify` has reported it


if __name__ == "__main__":
    _child(Path(sys.argv[1]), sys.argv[2:])
