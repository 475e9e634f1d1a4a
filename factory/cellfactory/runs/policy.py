"""`policy`: holds synthesized Terraform against rules, and what breaks one against waivers.

What was judged before of the very same is kept, and read again without a look at the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cellfactory.files import read_bytes
from cellfactory.policy.judgement import Judgement
from cellfactory.policy.kept import read_judgement, write_judgement
from cellfactory.runs.documents import Source, folder_sources
from cellfactory.runs.places import lock_file_of
from cellfactory.runs.policy_request import Asked
from cellfactory.stacks.report_store import read_report, report_key, write_report


def waiver_file_of(inventory_file: Path | None) -> Path:
    """The waivers beside an inventory: `cells.yaml` has `cells.waivers.yaml`."""
    lock = lock_file_of(inventory_file or Path("cells.yaml"))
    return lock.with_name(lock.name.replace(".lock.", ".waivers."))


def judge_policy(asked: Asked) -> Judgement:
    """Judge, or take what was judged before of the very same.

    Raises:
        UsageError: when a file cannot be read.
        InventoryError: when the inventory is not sound.
        SizingError: when it does not fit.
        SynthError: when the bindings refuse what they are given.
        PolicyError: when the waivers are not well formed (F720), or Checkov fails (F727).
    """
    waiver_file = asked.waiver_file or waiver_file_of(asked.inventory_file)
    waivers = _read_waivers(waiver_file, required=asked.waiver_file is not None)
    folder = () if asked.output is None else folder_sources(asked.output)
    key = report_key(_parts(asked, waiver_file, waivers, folder)) if asked.cached else ""
    kept = read_report(key) if key else b""
    if kept:
        return read_judgement(kept)
    from cellfactory.runs.judging import judge_asked  # brings every rule

    made = judge_asked(asked, (waivers, str(waiver_file)), folder)
    if key:
        write_report(key, write_judgement(made))
    return made


def _read_waivers(file: Path, *, required: bool) -> bytes:
    return read_bytes(file) if required or file.exists() else b""


def _parts(
    asked: Asked, waiver_file: Path, waivers: bytes, folder: Sequence[Source]
) -> Iterator[str | bytes]:
    """Yield all that a judgement depends on, but for our code."""
    yield from (asked.today.isoformat(), asked.checkov, str(waiver_file), waivers)
    if asked.checkov != "off":
        from cellfactory.runs.checkov import checkov_version

        yield checkov_version()
    yield str(asked.output)
    for source in folder:
        for path, text in source.files.items():
            yield from (path, text)
    if asked.inventory_file is not None:
        lock = lock_file_of(asked.inventory_file)
        yield from (str(asked.inventory_file), read_bytes(asked.inventory_file))
        yield read_bytes(lock) if lock.exists() else b""
