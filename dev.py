#!/usr/bin/env python3
"""The one list of tasks: `python3 dev.py <word>`. CI, the README and laptops say the same words.

It needs nothing but Python 3.11 or newer: everything else, Node and Terraform included, comes
from the package index as locked in requirements/, into the folder .venv beside this file.
There is one environment, because dev.lock holds every pin of run.lock: `test` adds to what
`demo` installed, and nothing is downloaded twice.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - say so kindly, before newer syntax is met
    sys.exit(
        f"cellfactory needs Python 3.11 or newer; this is {sys.version.split()[0]}"
        f" ({sys.executable}).\nTry: python3.13 dev.py, python3.12 dev.py or python3.11 dev.py"
    )
if sys.platform == "win32":
    sys.exit("cellfactory runs on Linux and macOS; on Windows, start it inside WSL.")

import fcntl
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
STAMP = VENV / "cellfactory.json"  # what the environment was made from; written last
LOCKS = ROOT / "requirements"
SPARK = ROOT / ".spark"
CHECKOV = ROOT / ".checkov"
CDKTN = ROOT / ".cdktn"
COST = {"run": "140 MB to download, 520 MB on disk", "dev": "410 MB to download, 1.4 GB on disk"}

# A test with one of these marks starts other programs; all others are pure and quick.
SLOW_MARKS = (
    "programs or long or synth or terraform or sandbox or helm or gateway_sidecar or gateway_nginx"
    " or gateway_spark or readme or checkov or cdktn or act"
)
# To import one of these does so too; their doctests bear such a mark (see conftest.py).
STARTS_PROGRAMS = tuple(
    f"factory/cellfactory/{folder}" for folder in ("constructs", "sandbox", "stacks")
)
# Settings of a person's shell that would send pip or Python somewhere else.
LEADS_ASTRAY = (
    *("VIRTUAL_ENV", "__PYVENV_LAUNCHER__", "PIP_CONSTRAINT", "PIP_NO_BINARY", "PIP_PREFIX"),
    *("PIP_REQUIRE_HASHES", "PIP_REQUIREMENT", "PIP_ROOT", "PIP_TARGET", "PIP_USER"),
)
MADE_FILES = (
    *(".venv", "cdktf.out", "dist", ".hypothesis", ".import_linter_cache", ".mypy_cache"),
    *(".cdktn", ".checkov", ".pytest_cache", ".ruff_cache", ".spark"),
)

Level = Literal["run", "dev"]


def demo(args: Sequence[str]) -> None:
    """Set up, then check the shipped cells.yaml and synthesize its Terraform."""
    _prepare("run")
    _run("cellfactory", "check", *args)
    _run("cellfactory", "synth", *args)


def setup(args: Sequence[str]) -> None:
    """Set up all that development and the sandbox need, and run nothing."""
    if args:
        _stop("setup takes no arguments")
    _prepare("dev")
    _say(f"ready: . {BIN.relative_to(ROOT)}/activate puts cellfactory on your PATH")


def test(args: Sequence[str]) -> None:
    """Set up, then run every test; arguments go to one plain run of pytest."""
    _prepare("dev")
    if args:
        return _run("pytest", *args)
    pure = ["-m", f"not ({SLOW_MARKS})", "-n", "auto", "--maxprocesses", "8"]
    pure += [f"--ignore={folder}" for folder in STARTS_PROGRAMS]
    # Whole files stay together: a mesh that one file applies is applied once.
    slow = ("-m", SLOW_MARKS, "-n", str(_slow_at_once()), "--dist", "loadfile")
    _run("pytest", *pure)
    return _run("pytest", "--durations", "10", *slow)


def _slow_at_once() -> int:
    """How many files of slow tests run side by side.

    One more than there are cores, since the provider waits a minute here and there; each with
    5 GiB, because a ladder has eight Terraforms at work, which take about 600 MB each.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(4, (os.cpu_count() or 1) + 1, memory // (5 << 30)))


def spark(args: Sequence[str]) -> None:
    """Set up, with a Spark in .spark, then run the tests of a real driver (needs Java 17)."""
    if shutil.which("java") is None:
        _stop("Spark needs Java 17 or newer on PATH, such as Debian's default-jre-headless")
    _prepare("dev")
    os.environ["SPARK_HOME"] = str(_prepare_spark() / "pyspark")
    _run("pytest", "-m", "gateway_spark", *args)


def policy(args: Sequence[str]) -> None:
    """Set up, with a Checkov in .checkov, then run the tests of policy that need the real one."""
    _prepare("dev")
    os.environ["CELLFACTORY_CHECKOV"] = str(_prepare_checkov())
    _run("pytest", "-m", "checkov", *args)


def cdktn(args: Sequence[str]) -> None:
    """Set up, with cdktn in .cdktn, then prove that it writes the Terraform that cdktf writes."""
    _prepare("dev")
    os.environ["CELLFACTORY_CDKTN"] = str(_prepare_cdktn())
    _run("pytest", "-m", "cdktn", "tests/synth/test_cdktn.py", *args)


def lint(args: Sequence[str]) -> None:
    """Ruff, the format of the code, and who may import whom."""
    _prepare("dev")
    _run("ruff", "check", *(args or ["."]))
    _run("ruff", "format", "--check", *(args or ["."]))
    _run("lint-imports")


def types(args: Sequence[str]) -> None:
    """Check all types, strictly."""
    _prepare("dev")
    _run("mypy", *args)


def everything(args: Sequence[str]) -> None:
    """Lint, types and test, in that order."""
    lint([])
    types([])
    test(args)


def fuzz(args: Sequence[str]) -> None:
    """Try inventories that nobody would write, so many (6,000), and the shapes of foreign files."""
    _prepare("dev")
    os.environ["CELLFACTORY_FUZZ"] = args[0] if args else "6000"
    _run("pytest", "--override-ini", "timeout=7200", "tests/reliability/test_fuzz.py", *args[1:])
    explore = ("--hypothesis-profile", "explore")
    _run("pytest", *explore, "tests/unit/terraform/test_foreign_shapes.py", *args[1:])


def kills(args: Sequence[str]) -> None:
    """Kill runs of a real Terraform at any time, so many (40): the next runs put all right."""
    _prepare("dev")
    os.environ["CELLFACTORY_KILLS"] = args[0] if args else "40"
    tests = ("tests/reliability/test_kills.py", "tests/reliability/test_kills_aws.py")
    _run("pytest", "-s", *tests, *args[1:])


def long(args: Sequence[str]) -> None:
    """Run at length what takes too long for the default suite: ladders of another kind."""
    _prepare("dev")
    os.environ["CELLFACTORY_LONG"] = "1"
    _run("pytest", "-m", "long", *args)


def rights(args: Sequence[str]) -> None:
    """Apply, change and destroy two cells under the derived roles, which the emulator enforces."""
    _prepare("dev")
    os.environ["CELLFACTORY_RIGHTS"] = "all"
    _run("pytest", "tests/terraform/test_rights.py", *args)


def bench(args: Sequence[str]) -> None:
    """Measure synthesis side by side with a plain app; arguments as in benchmarks/synth.py."""
    _prepare("dev")
    _run("python", "-m", "benchmarks.synth", *args)


def docs(args: Sequence[str]) -> None:
    """Write every made file again: each tools/make_*.py, in order."""
    _prepare("dev")
    makers = sorted(ROOT.glob("tools/make_*.py"))
    if not makers:
        _stop("there is no tools/make_*.py, so nothing to write")
    for maker in makers:
        _run("python", "-m", f"tools.{maker.stem}", *args)


def dist(args: Sequence[str]) -> None:
    """Build the wheel and the source distribution of the commit, twice, and compare them."""
    _prepare("dev")
    _run("python", "-m", "tools.dist", *args)


def sbom(args: Sequence[str]) -> None:
    """Write what the program and the sidecar's image are made of to dist/, as CycloneDX."""
    _prepare("dev")
    _run("python", "-m", "tools.sbom", *args)


def lock(args: Sequence[str]) -> None:
    """Write requirements/*.lock from pyproject.toml; --upgrade takes newer versions."""
    _prepare("dev")
    both = ("--group", "build")
    within_run = ("--constraints", "requirements/run.lock")
    dev = ("--extra", "sandbox", "--extra", "plot", "--group", "dev")
    _say("this asks the package index for every version and hash")
    _compile("run", "pyproject.toml", *both, *args)
    _compile("dev", "pyproject.toml", *both, *dev, *within_run, *args)
    within_dev = ("--constraints", "requirements/dev.lock")
    _compile("terraform", "pyproject.toml", "--extra", "terraform", *within_dev, *args)
    _compile("policy", "--group", "pyproject.toml:policy", *args)
    _compile("cdktn", "--group", "pyproject.toml:cdktn", "--no-deps", *args)
    _compile("spark", "--group", "pyproject.toml:spark", *args)


def clean(args: Sequence[str]) -> None:
    """Remove what the other words made: the environment, caches, cdktf.out."""
    if args:
        _stop(f"clean takes no arguments, not {' '.join(args)}")
    for name in MADE_FILES:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for folder in ("factory", "tests", "tools", "benchmarks"):
        for cache in (ROOT / folder).rglob("__pycache__"):
            shutil.rmtree(cache, ignore_errors=True)


TASKS = {
    "demo": demo,
    "setup": setup,
    "test": test,
    "spark": spark,
    "policy": policy,
    "cdktn": cdktn,
    "lint": lint,
    "types": types,
    "all": everything,
    "fuzz": fuzz,
    "long": long,
    "kills": kills,
    "rights": rights,
    "bench": bench,
    "docs": docs,
    "lock": lock,
    "dist": dist,
    "sbom": sbom,
    "clean": clean,
}


# -- the environment ------------------------------------------------------------------------------


def _prepare(level: Level) -> None:
    """Bring .venv to what the locks and pyproject.toml say; do nothing when it is there."""
    with _alone():
        wanted, found = _wanted(), _found()
        base = {key: wanted[key] for key in ("python", "root", "run")}
        is_sound = base.items() <= found.items() and found.get("dev", "") in ("", wanted["dev"])
        if not is_sound:
            _make_venv()
            found = {}
        if level not in found:
            STAMP.unlink(missing_ok=True)  # an interrupted install is made again from nothing
            _install(level)
            found |= base | {level: wanted[level]}
        if found.get("project") != wanted["project"]:
            _pip("the project itself", "--no-index", "--no-build-isolation", "--editable", ".")
            found["project"] = wanted["project"]
        STAMP.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


def _wanted() -> dict[str, str]:
    return {
        "python": f"{sys.version.split()[0]} {Path(_base_python()).resolve()}",
        "root": str(ROOT),
        "run": _digest(LOCKS / "run.lock"),
        "dev": _digest(LOCKS / "dev.lock", LOCKS / "terraform.lock"),
        "project": _digest(ROOT / "pyproject.toml"),
    }


def _found() -> dict[str, str]:
    try:
        found = json.loads(STAMP.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and (BIN / "python").exists() else {}


def _digest(*paths: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def _base_python() -> str:
    """Name the Python that environments are made from, also when started from inside one."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


@contextmanager
def _alone() -> Iterator[None]:
    """Keep a second dev.py from changing the environment at the same time."""
    with (ROOT / ".venv.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("waiting for another dev.py to finish its set-up")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _make_venv() -> None:
    if not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
        _stop(
            f"{_base_python()} cannot make environments: it lacks venv or ensurepip.\n"
            "On Debian and Ubuntu they come with: apt install python3-venv"
        )
    if VENV.exists() and not STAMP.exists():
        _say(".venv is not finished, or not made by dev.py: making it again")
    elif VENV.exists():
        _say("the locks, the Python or the folder changed: making .venv again")
    STAMP.unlink(missing_ok=True)
    with _step(f"an environment in .venv, Python {sys.version.split()[0]}"):
        _quietly(_base_python(), "-I", "-m", "venv", "--clear", str(VENV))


def _install(level: Level) -> None:
    _say(f"this takes a minute or two, once: {COST[level]}")
    _install_lock(level)
    if level == "dev" and _terraform_fits():
        _install_lock("terraform")


def _prepare_spark() -> Path:
    """Bring .spark to what its lock says; it is no part of .venv, which most people want small."""
    lockfile, stamp = LOCKS / "spark.lock", SPARK / "cellfactory.txt"
    with _alone():
        if not stamp.exists() or stamp.read_text("utf-8") != _digest(lockfile):
            _say("this takes a minute or two, once: 490 MB to download and to keep")
            shutil.rmtree(SPARK, ignore_errors=True)
            # Spark has no wheel, so pip makes one, with the newest setuptools.
            hashes = ("--require-hashes", "--requirement", str(lockfile))
            _pip("Spark, in .spark", "--target", str(SPARK), *hashes)
            stamp.write_text(_digest(lockfile), "utf-8")
    return SPARK


def _prepare_checkov() -> Path:
    """Bring .checkov to what its lock says: an environment of its own, with an older boto3."""
    lockfile, stamp = LOCKS / "policy.lock", CHECKOV / "cellfactory.txt"
    uv, python = str(BIN / "uv"), str(CHECKOV / "bin" / "python")
    with _alone():
        if not stamp.exists() or stamp.read_text("utf-8") != _digest(lockfile):
            with _step("Checkov, in .checkov (290 MB)"):
                _quietly(uv, "venv", "--clear", "--python", str(BIN / "python"), str(CHECKOV))
                hashes = ("--require-hashes", "--requirement", str(lockfile))
                _quietly(uv, "pip", "install", "--python", python, *hashes)
            stamp.write_text(_digest(lockfile), "utf-8")
    return CHECKOV / "bin" / "checkov"


def _prepare_cdktn() -> Path:
    """Bring .cdktn to what its lock says: what differs from .venv, to be put before it."""
    lockfile, stamp = LOCKS / "cdktn.lock", CDKTN / "cellfactory.txt"
    with _alone():
        if not stamp.exists() or stamp.read_text("utf-8") != _digest(lockfile):
            shutil.rmtree(CDKTN, ignore_errors=True)
            hashes = ("--require-hashes", "--only-binary", ":all:", "--requirement", str(lockfile))
            _pip("cdktn, in .cdktn (270 MB)", "--target", str(CDKTN), *hashes)
            stamp.write_text(_digest(lockfile), "utf-8")
    return CDKTN


def _install_lock(name: str) -> None:
    lockfile = LOCKS / f"{name}.lock"
    lines = lockfile.read_text("utf-8").splitlines()
    count = sum("==" in line and not line.startswith((" ", "#")) for line in lines)
    what = f"the {count} packages of requirements/{name}.lock"
    _pip(what, "--require-hashes", "--only-binary", ":all:", "--requirement", str(lockfile))


def _terraform_fits() -> bool:
    """Tell whether the embedded Terraform is built for this machine; else one on PATH serves."""
    if sys.platform == "darwin":
        return int(platform.mac_ver()[0].split(".")[0] or 0) >= 14
    library, version = platform.libc_ver()
    newest = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    return library == "glibc" and newest >= (2, 35) and platform.machine() == "x86_64"


def _pip(what: str, *args: str) -> None:
    # --no-compile: of the 2,200 modules of the AWS bindings we use some fifty; Python compiles
    # those when they are first imported.
    quiet = ("--quiet", "--no-input", "--disable-pip-version-check", "--no-compile", "--no-deps")
    with _step(what):
        _quietly(str(BIN / "python"), "-I", "-m", "pip", "install", *quiet, *args)


def _compile(name: str, *args: str) -> None:
    output = f"requirements/{name}.lock"
    _say(f"resolving {output}")
    command = ["uv", "pip", "compile", *args, "--output-file", output, "--quiet", "--universal"]
    command += ["--python-version", "3.11", "--generate-hashes", "--no-emit-index-url"]
    command += ["--custom-compile-command", "python3 dev.py lock"]
    _run(*command)


# -- other programs --------------------------------------------------------------------------------


def _environment() -> dict[str, str]:
    """Give children our environment, without what would send Python or pip elsewhere."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") and name not in LEADS_ASTRAY
    }
    kept["PATH"] = os.pathsep.join((str(BIN), kept.get("PATH") or os.defpath))
    return kept


def _run(program: str, *args: str) -> None:
    """Run a program of .venv in the project's folder; its failure is ours."""
    command = [str(BIN / program), *args]
    print("$", " ".join((program, *args)), flush=True)
    with subprocess.Popen(command, cwd=ROOT, env=_environment()) as child:
        while True:
            try:
                code = child.wait()
                break
            except KeyboardInterrupt:  # it reached the child as well, which ends in its own way
                continue
    if code:
        sys.exit(128 - code if code < 0 else code)


def _quietly(*command: str) -> None:
    """Run a command and show what it wrote only when it fails."""
    done = subprocess.run(
        command, cwd=ROOT, env=_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        print("failed", flush=True)
        print(done.stdout + done.stderr, file=sys.stderr)
        _stop(f"this command failed with code {done.returncode}: {' '.join(command)}")


@contextmanager
def _step(what: str) -> Iterator[None]:
    print(f"dev.py: {what} ... ", end="", flush=True)
    start = time.monotonic()
    yield
    print(f"{time.monotonic() - start:.0f} s", flush=True)


def _say(text: str) -> None:
    print(f"dev.py: {text}", flush=True)


def _stop(text: str) -> NoReturn:
    sys.exit(f"dev.py: {text}")


def main(argv: Sequence[str]) -> None:
    """Run the task that the first word names, or list them all."""
    if not argv or argv[0] in ("-h", "--help", "help"):
        print("usage: python3 dev.py WORD [-- ARGUMENT ...]\n")
        for word, task in TASKS.items():
            print(f"  {word:6} {(task.__doc__ or '').splitlines()[0]}")
        return
    word, *args = argv
    if word not in TASKS:
        print(f"dev.py: unknown word {word!r}; the words are: {', '.join(TASKS)}", file=sys.stderr)
        sys.exit(2)
    if args[:1] == ["--"]:
        del args[0]
    try:
        TASKS[word](args)
    except OSError as error:
        _stop(f"{error.strerror}: {error.filename}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main(sys.argv[1:])
