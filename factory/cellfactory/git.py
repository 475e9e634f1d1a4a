"""The one door to git: what a file said at an earlier commit.

Every question goes to the real `git`, in the folder that the file lies in, so that paths need no
rewriting: a folder below the top, spaces and any letters are git's own affair.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cellfactory.errors import UsageError
from cellfactory.processes import Finished, run_process

SECONDS = 120.0  # a partial clone may fetch what it is asked for
DEFAULT_BRANCHES = ("origin/main", "origin/master", "main", "master")
SHORT = 12  # characters of a commit's name in a message

# A hook or an alias sets these for another repository or folder than the file's own.
_OF_ANOTHER = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"),
    *("GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_LITERAL_PATHSPECS"),
)
_KINDS = {"120000": "a symbolic link", "040000": "a folder", "160000": "a submodule"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit, and what people call it."""

    sha: str
    label: str  # as it was asked for, or a short form of its name


def find_commit(folder: Path, revision: str) -> Commit:
    """Find the commit that a revision names, such as `main`, `HEAD~3` or a tag.

    Args:
        folder: a folder of the repository.
        revision: as git takes it.

    Raises:
        UsageError: when there is no such commit, no repository or no git.
    """
    sha = _resolve(folder, revision)
    if sha is None:
        msg = f"git knows no commit {revision!r} in {folder}{_if_shallow(folder)}"
        raise UsageError(msg)
    return Commit(sha=sha, label=revision)


def find_base(folder: Path) -> Commit:
    """Find the commit at which the present branch left the default branch.

    The default branch is the one that `origin` says, else main or master.

    Raises:
        UsageError: when it cannot be told, as in a shallow clone.
    """
    branch = _default_branch(folder)
    finished = _git(folder, "merge-base", "HEAD", branch)
    sha = finished.stdout.strip()
    if finished.code != 0 or not sha:
        msg = f"HEAD and {branch} have no common commit here{_if_shallow(folder)}"
        raise UsageError(msg)
    return Commit(sha=sha, label=sha[:SHORT])


def read_at(file: Path, commit: Commit) -> bytes | None:
    """Read what a file held at a commit; None when it was not there.

    Raises:
        UsageError: when it was no file, or git cannot read it.
    """
    folder, name = file.parent, f"./{file.name}"
    listed = _require(folder, "ls-tree", "-z", commit.sha, "--", name).split(b"\0")[0]
    if not listed:
        return None
    mode = listed.split(b" ", 1)[0].decode()
    if mode in _KINDS:
        msg = f"{file} is {_KINDS[mode]} at {commit.label}, and no file"
        raise UsageError(msg)
    return _require(folder, "show", f"{commit.sha}:{name}")


def find_former_name(file: Path, commit: Commit) -> Path | None:
    """Find what a file was called at a commit, where git sees that it was renamed since.

    Args:
        file: where it lies now; git has to know of it, committed or staged.
        commit: where it had another name.

    Returns:
        The former place, which may lie in a folder that is gone; None where git sees none.

    Raises:
        UsageError: when git cannot tell.
    """
    top = Path(_require(file.parent, "rev-parse", "--show-toplevel").decode().rstrip("\n"))
    prefix = _require(file.parent, "rev-parse", "--show-prefix").decode().rstrip("\n")
    told = _require(
        *(file.parent, "diff", "--no-ext-diff", "--find-renames", "--diff-filter=R"),
        *("--name-status", "-z", commit.sha, "--", f"{top}"),
    )
    words = told.decode(errors="surrogateescape").split("\0")
    renamed = zip(words[1::3], words[2::3], strict=False)
    found = next((old for old, new in renamed if new == f"{prefix}{file.name}"), None)
    return None if found is None else top / found


def read_former(file: Path, former: Path, commit: Commit) -> bytes | None:
    """Read what a file held at a commit under a former name; None when it was not there.

    Raises:
        UsageError: when git cannot read it.
    """
    top = Path(_require(file.parent, "rev-parse", "--show-toplevel").decode().rstrip("\n"))
    name = former.relative_to(top).as_posix()
    listed = _require(top, "ls-tree", "-z", "--full-tree", commit.sha, "--", name)
    return _require(top, "show", f"{commit.sha}:{name}") if listed.split(b"\0")[0] else None


def _default_branch(folder: Path) -> str:
    """Name the default branch; what `origin` says comes before what is usual."""
    told = _git(folder, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    names = [told.stdout.strip()] if told.code == 0 else []
    for name in (*names, *DEFAULT_BRANCHES):
        if _resolve(folder, name) is not None:
            return name
    msg = (
        f"git knows no default branch in {folder}{_if_shallow(folder)}\n"
        f"    looked for: origin/HEAD, {', '.join(DEFAULT_BRANCHES)}; name a revision instead"
    )
    raise UsageError(msg)


def _resolve(folder: Path, revision: str) -> str | None:
    if revision.startswith("-") or not revision.strip():
        return None
    finished = _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if finished.code == 0:
        return finished.stdout.strip()
    _require(folder, "rev-parse", "--git-dir")  # no repository is another matter
    return None


def _if_shallow(folder: Path) -> str:
    """Say how a shallow clone comes by the history that it lacks; empty for a whole one."""
    told = _git(folder, "rev-parse", "--is-shallow-repository").stdout.strip()
    if told != "true":
        return ""
    return (
        ": this is a shallow clone\n"
        "    fetch the rest: git fetch --unshallow (actions/checkout: fetch-depth: 0)"
    )


def _require(folder: Path, *arguments: str) -> bytes:
    finished = _git(folder, *arguments)
    if finished.code != 0:
        told = finished.stderr.strip()
        msg = f"git, in {folder}: {told}"
        if "not a git repository" in told:
            name = "this folder" if folder == Path() else folder
            msg = f"{name} lies in no Git repository"
        raise UsageError(msg)
    return finished.output


def _git(folder: Path, *arguments: str) -> Finished:
    """Run git; its messages are in English, and it asks nothing."""
    env = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER}
    env |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        return run_process(
            ["git", "--no-pager", *arguments], cwd=folder, env=env, timeout_seconds=SECONDS
        )
    except OSError as error:
        why = error.strerror if folder.is_dir() else "no such folder"
        msg = f"cannot run git in {folder}: {why}"
        raise UsageError(msg) from error
