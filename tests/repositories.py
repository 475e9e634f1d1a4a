"""Real Git repositories for tests: the same files give the same commit on every machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROLES = ("AUTHOR", "COMMITTER")


def git(folder: Path, *words: str) -> str:
    """Run git in a folder, as nobody in particular and at no time of its own."""
    who = {f"GIT_{role}_{what}": "a@example.com" for role in ROLES for what in ("NAME", "EMAIL")}
    when = {f"GIT_{role}_DATE": "2026-01-01T00:00:00Z" for role in ROLES}
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", *words],
        cwd=folder,
        env={**os.environ, **who, **when, **alone},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def commit_all(folder: Path, message: str = "base") -> None:
    """Commit what a folder holds, in a repository that is begun where there is none."""
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)


def commit(base: Path, folder: Path) -> None:
    """Make a repository whose one commit holds a folder; the work tree is empty again after it."""
    shutil.copytree(base, folder, dirs_exist_ok=True)
    commit_all(folder)
    for path in base.iterdir():
        made = folder / path.name
        if made.is_dir():
            shutil.rmtree(made)
        else:
            made.unlink()
