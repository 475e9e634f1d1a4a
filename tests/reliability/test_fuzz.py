"""Inventories, locks and usage reports that nobody would write: a problem at a place, or fine.

Valid texts, of which bytes, lines or parts are exchanged for others. By default a few hundred of
them; `python3 dev.py fuzz 6000` tries as many as it is told.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cellfactory.cli import main
from cellfactory.documents import load_data, render_data

ROOT = Path(__file__).resolve().parents[2]
MUTANTS = int(os.environ.get("CELLFACTORY_FUZZ", "120"))
SECONDS = 60.0  # for one command; a busy machine is given time
FINE = {0, 2, 3, 4}  # usage, inventory and sizes; never our bug, never another one's
TOKENS = [
    *("", "~", "null", "yes", "[]", "{}", "- ", ": ", "&a", "*a", "!!python/object:os.x y", "|"),
    *("0", "-1", "1e999", "99999999999999999999", "0x10", "1_000", ".nan", "${x}", "%{x}", "\t"),
    *("10.0.0.0/8", "0.0.0.0/0", "::/0", "\u202e", "\ufeff", "\x00", "a" * 300, "'", '"', "#"),
]
LEAVES: list[Any] = [
    *(None, True, 0, -1, 10**30, 1.5, float("inf"), "", "x", "${x}", "a" * 300, [], {}, [[]]),
    *({"a": {}}, ["x"] * 40, "10.0.0.0/33", "::1/64", "eu-west-1", "use1-az1", "1.34"),
]


def of_bytes(text: str, random: random.Random) -> bytes:
    data = bytearray(text.encode("utf-8"))
    for _ in range(random.randint(1, 6)):
        data[random.randrange(len(data))] = random.randrange(256)
    return bytes(data)


def of_lines(text: str, random: random.Random) -> bytes:
    lines = text.splitlines(keepends=True)
    for _ in range(random.randint(1, 3)):
        at, other = random.randrange(len(lines)), random.randrange(len(lines))
        lines[at] = random.choice([lines[other], "", lines[at] * 2, " " + lines[at]])
    return "".join(lines).encode("utf-8")


def of_tokens(text: str, random: random.Random) -> bytes:
    words = text.split(" ")
    for _ in range(random.randint(1, 4)):
        words[random.randrange(len(words))] = random.choice(TOKENS)
    return " ".join(words).encode("utf-8", "surrogatepass")


def of_parts(text: str, random: random.Random) -> bytes:
    document = load_data(text)
    for _ in range(random.randint(1, 3)):
        _exchange(document, random)
    return render_data(document).encode("utf-8")


def _exchange(value: Any, random: random.Random) -> None:
    """Exchange one part of a document, anywhere in it, for another one, or remove it."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = random.choice(keys)
        inner = value[key]
        if isinstance(inner, dict | list) and inner and random.random() < 0.75:
            value = inner
            continue
        if random.random() < 0.2:
            del value[key]
        else:
            value[key] = random.choice(LEAVES)
        return


KINDS: dict[str, Callable[[str, random.Random], bytes]] = {
    "bytes": of_bytes,
    "lines": of_lines,
    "tokens": of_tokens,
    "parts": of_parts,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["cells.yaml", "cells.lock.yaml"])
def test_what_nobody_would_write_is_no_traceback(
    name: str,
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    texts = {n: (ROOT / n).read_text("utf-8") for n in ("cells.yaml", "cells.lock.yaml")}
    monkeypatch.chdir(tmp_path)
    for seed in range(MUTANTS // (2 * len(KINDS))):
        for file, text in texts.items():
            (tmp_path / file).write_text(text, "utf-8")
        mutant = KINDS[kind](texts[name], random.Random(f"{name} {kind} {seed}"))
        (tmp_path / name).write_bytes(mutant)
        began = time.monotonic()
        with pytest.raises(SystemExit) as ended:
            main(["check"])
        took = time.monotonic() - began
        out, err = capsys.readouterr()
        assert (ended.value.code or 0) in FINE, f"seed {seed}: {out}{err}"
        assert took < SECONDS, f"seed {seed}: {took:.0f} s"
        assert all(c.isprintable() or c in "\n\t" for c in out + err), f"seed {seed}"
