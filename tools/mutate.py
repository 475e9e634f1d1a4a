"""How many small mistakes would the tests notice? One mutant after the other, each in a fork.

    python -m tools.mutate factory/cellfactory/sizing --tests tests/unit/sizing tests/simulation
    python -m tools.mutate factory/cellfactory/sizing/terms.py --sample 100

Each mutant changes one operator, comparison, condition or number of one module. The tests run
until the first failure; a mutant that no test fails on survived and is printed with its place.
Not every survivor is a hole: some change nothing that can be seen.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import importlib.abc
import importlib.machinery
import io
import os
import random
import resource
import sys
import time
import types
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRELOADED = (
    *("hypothesis", "hypothesis.strategies", "pydantic", "pytest", "yaml"),
    *("cellfactory.addressing.need", "cellfactory.facts.loader", "cellfactory.inventory.schema"),
)
COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
}
CALLED = {"min": "max", "max": "min", "ceil": "floor", "floor": "ceil", "any": "all", "all": "any"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one module."""

    path: Path
    line: int
    words: str
    source: str


def mutants(path: Path) -> Iterator[Mutant]:
    """Yield every mutant of a module, in the order of its lines."""
    tree = ast.parse(path.read_text("utf-8"))
    for index, node in enumerate(_mutable(tree)):
        for number in range(len(list(_changes(node)))):
            changed = copy.deepcopy(tree)
            target = list(_mutable(changed))[index]
            before = ast.unparse(target)
            list(_changes(target))[number]()
            words = f"{before} -> {ast.unparse(target)}"
            yield Mutant(path, getattr(node, "lineno", 0), words, ast.unparse(changed))


def _mutable(tree: ast.AST) -> list[ast.AST]:
    """List the nodes that run: no annotations, decorators, docstrings or checks of types."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop(0)
        found.append(node)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list"):
                continue
            children = value if isinstance(value, list) else [value]
            waiting += [child for child in children if isinstance(child, ast.AST)]
    return found


class _Change:
    """A change of one node, made when it is called."""

    def __init__(self, node: ast.AST, name: str, value: object) -> None:
        self.node, self.name, self.value = node, name, value

    def __call__(self) -> None:
        setattr(self.node, self.name, self.value)


def _changes(node: ast.AST) -> Iterator[_Change]:
    yield from _changed_values(node)
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            swapped = [*node.ops[:index], COMPARED[type(operator)](), *node.ops[index + 1 :]]
            yield _Change(node, "ops", swapped)
    elif isinstance(node, ast.BinOp) and type(node.op) in COMPUTED:
        yield _Change(node, "op", COMPUTED[type(node.op)]())
    elif isinstance(node, ast.BoolOp):
        yield _Change(node, "op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        yield _Change(node, "test", ast.UnaryOp(op=ast.Not(), operand=node.test))


def _changed_values(node: ast.AST) -> Iterator[_Change]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield _Change(node, "op", ast.UAdd())
    elif isinstance(node, ast.Name) and node.id in CALLED:
        yield _Change(node, "id", CALLED[node.id])
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield _Change(node, "value", not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield _Change(node, "value", node.value + 1)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Serves the mutant in place of its module."""

    def __init__(self, name: str, mutant: Mutant) -> None:
        self.name, self.mutant = name, mutant

    def find_spec(
        self, fullname: str, _path: object = None, _target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, origin=str(self.mutant.path))

    def exec_module(self, module: types.ModuleType) -> None:
        module.__file__ = str(self.mutant.path)
        exec(compile(self.mutant.source, str(self.mutant.path), "exec"), module.__dict__)  # noqa: S102 - running the mutant is the point


def survives(mutant: Mutant, tests: Sequence[str], seconds: int) -> bool:
    """Run the tests on a mutant in a fork of this process; True when none of them fails."""
    child = os.fork()
    if child == 0:
        # a mutant that never ends is one that is noticed
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        os._exit(_run(mutant, tests))
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def _run(mutant: Mutant, tests: Sequence[str]) -> int:
    import pytest

    relative = mutant.path.resolve().relative_to(ROOT)
    sys.meta_path.insert(0, _Finder(".".join(relative.with_suffix("").parts), mutant))
    options = ["-x", "-q", "-p", "no:cacheprovider", "-W", "ignore:Module already imported"]
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return int(pytest.main([*options, *tests]))


def main() -> int:
    """Make mutants, run the tests on each, print the survivors and the share that was noticed."""
    parser = argparse.ArgumentParser(description="Count the small mistakes that tests notice.")
    parser.add_argument("paths", nargs="+", type=Path, help="modules, or folders of them")
    parser.add_argument("--tests", nargs="+", required=True, help="what pytest runs")
    parser.add_argument("--sample", type=int, help="so many mutants, chosen at random")
    parser.add_argument("--seed", type=int, default=1, help="of the choice")
    parser.add_argument("--seconds", type=int, default=60, help="CPU time of one mutant, at most")
    options = parser.parse_args()
    for name in PRELOADED:
        importlib.import_module(name)
    files = [f for p in options.paths for f in ([p] if p.is_file() else sorted(p.glob("*.py")))]
    chosen = [mutant for file in files for mutant in mutants(file)]
    made = len(chosen)
    if options.sample and options.sample < made:
        chosen = random.Random(options.seed).sample(chosen, options.sample)
    unchanged = Mutant(files[0], 0, "unchanged", files[0].read_text("utf-8"))
    if not survives(unchanged, options.tests, options.seconds):
        sys.exit("the tests fail before anything is changed")
    begun, survivors = time.monotonic(), 0
    for number, mutant in enumerate(chosen, 1):
        if number % 10 == 0:
            print(f"{number} of {len(chosen)}", file=sys.stderr, flush=True)
        if survives(mutant, options.tests, options.seconds):
            survivors += 1
            print(f"{mutant.path}:{mutant.line}: {mutant.words}", flush=True)
    noticed = len(chosen) - survivors
    minutes = (time.monotonic() - begun) / 60
    share = noticed / len(chosen) if chosen else 1.0
    print(
        f"{noticed} of {len(chosen)} noticed ({share:.1%}), of {made} made, {minutes:.1f} minutes"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
