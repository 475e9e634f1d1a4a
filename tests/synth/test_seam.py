"""The door to the bindings: what it loads, what it costs nobody, and that every way in agrees.

Each test that needs the bindings runs in a process of its own, because a process has one way in
and one Node.
"""

from __future__ import annotations

import ast
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cellfactory.constructs import _node, _slim, cdk
from cellfactory.constructs._bindings import _PROVIDERS
from cellfactory.constructs._document import normalise
from cellfactory.errors import SynthError
from tests.sources import FACTORY, modules

APP = """
import sys
from pathlib import Path
from cellfactory.constructs import cdk
from cellfactory.constructs.stack import LocalState, for_each, new_stack, synth_app
from cellfactory.specs.frame import S3State

def build(app):
    state = S3State(
        bucket="b", key="a/network.tfstate", region="us-east-1", kms_key="alias/state"
    )
    stack = new_stack(app, "a-network", state=state)
    role = cdk.AwsProviderAssumeRole(role_arn="arn:aws:iam::111111111111:role/CellFactory")
    cdk.AwsProvider(stack, "aws", region="us-east-1", assume_role=[role])
    peers = cdk.TerraformVariable(stack, "peer_vpc", type="map(string)", nullable=False)
    cdk.TerraformLocal(stack, "edges", {"b": {"vpc": "${var.peer_vpc[\\"b\\"]}", "blocks": 2}})
    vpc = cdk.Vpc(stack, "vpc", cidr_block="10.0.0.0/16", tags={"Name": "a"})
    cdk.Subnet(stack, "pods-use1-az1", vpc_id=vpc.id, cidr_block="10.0.0.0/18",
               availability_zone_id="use1-az1")
    edge = cdk.VpcPeeringConnection(stack, "edge", vpc_id=vpc.id, peer_vpc_id="${each.value.vpc}")
    for_each(edge, "${local.edges}")
    cdk.EksCluster(stack, "cluster", name="a", role_arn="arn:aws:iam::111111111111:role/x",
                   vpc_config=cdk.EksClusterVpcConfig(subnet_ids=["subnet-1"]))
    cdk.TerraformOutput(stack, "vpc_id", value=vpc.id)
    cdk.TerraformOutput(stack, "ids", value={"vpc": vpc.id})
    local = new_stack(app, "a-platform", state=LocalState(), providers=["helm"])
    cdk.HelmProvider(local, "helm", kubernetes=cdk.HelmProviderKubernetes(host="https://x"))
    cdk.Release(local, "spark", name="spark", chart="spark",
                set=[cdk.ReleaseSet(name="a", value="b")])

for path, text in synth_app(build).files().items():
    target = Path(sys.argv[1], path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")
"""


def run_python(
    code: str, *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `code` in a new process; a variable set to "" is taken away."""
    root = str(Path(__file__).parents[2])
    ours = {"PYTHONPATH": root, "PYTHONWARNINGS": "error", "CELLFACTORY_CDK": "fast"}
    merged = {**os.environ, **ours, **(env or {})}
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={name: value for name, value in merged.items() if value},
        cwd=cwd or root,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


def synthesize(
    folder: Path, cwd: Path | None = None, *, app: str = APP, **env: str
) -> dict[str, str]:
    """What the app makes, by path."""
    done = run_python(app, folder, cwd=cwd, env=env)
    assert done.returncode == 0, done.stderr
    if env.get("CELLFACTORY_CDK") != "plain":
        assert done.stdout + done.stderr == ""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in paths}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return synthesize(tmp_path_factory.mktemp("fast"))


@pytest.fixture(scope="module")
def network(files: Mapping[str, str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(files["stacks/a-network/cdk.tf.json"])
    return document


def test_importing_the_door_starts_nothing() -> None:
    code = """
import sys
import cellfactory.constructs.cdk
print([name for name in sys.modules if name.partition(".")[0] in (
    "cdktf", "constructs", "jsii", "cdktf_cdktf_provider_aws", "cdktf_cdktf_provider_helm")])
"""
    assert run_python(code).stdout.strip() == "[]"


def test_the_command_line_starts_nothing() -> None:
    """`--help`, `check`, `size` and `lock` must not pay for Node: constructs are imported late."""
    code = """
import pkgutil, sys
import cellfactory.cli
for module in pkgutil.iter_modules(cellfactory.cli.__path__, "cellfactory.cli."):
    __import__(module.name)
print([name for name in ("cdktf", "constructs", "jsii") if name in sys.modules])
"""
    done = run_python(code)
    assert done.stdout.strip() == "[]", done.stderr


def test_nothing_else_in_the_product_imports_the_bindings() -> None:
    bindings = {"cdktf", "constructs", "jsii", *_PROVIDERS}
    found = {
        str(path.relative_to(FACTORY))
        for path, tree in modules().items()
        for node in ast.walk(tree)
        for name in _imported(node)
        if name.partition(".")[0] in bindings
    }
    assert found == {"constructs/cdk.py"}


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module]
    return []


@pytest.mark.synth
def test_only_the_modules_in_use_are_imported_and_the_environment_stays() -> None:
    code = """
import os, sys
before = dict(os.environ)
from cellfactory.constructs.cdk import Subnet, Vpc
assert dict(os.environ) == before
root = "cdktf_cdktf_provider_aws."
print(*sorted({name.split(".")[1] for name in sys.modules if name.startswith(root)}))
"""
    assert run_python(code).stdout.split() == ["_jsii", "subnet", "vpc"]


@pytest.mark.synth
def test_every_name_of_the_table_is_there() -> None:
    code = """
from cellfactory.constructs import cdk
for name, module in cdk.table().items():
    offered = getattr(cdk, name)
    assert offered.__module__ == module, (name, offered.__module__)
    assert hasattr(offered, "__jsii_type__"), name
print(len(cdk.table()))
"""
    done = run_python(code)
    assert done.stderr == ""
    assert int(done.stdout) > 150


@pytest.mark.parametrize("package", _PROVIDERS)
def test_the_slim_copy_has_every_module_of_the_table_and_no_other(package: str) -> None:
    modules = {module for module in cdk.table().values() if module.startswith(f"{package}.")}
    copy = Path(_slim.package_path(package, modules)[0])
    with tarfile.open(next((copy / "_jsii").glob("*.jsii.tgz"))) as tarball:
        names = tarball.getnames()
        assembly = json.load(tarball.extractfile("package/.jsii") or io.BytesIO())
    folders = {module.split(".")[1].replace("_", "-") for module in modules}
    assert {name.split("/")[2] for name in names if name.count("/") > 2} == folders
    typed = {body["symbolId"].split("/")[1] for body in assembly["types"].values()}
    assert typed == folders


def names_in(path: Path) -> set[str]:
    with tarfile.open(path) as tarball:
        return set(tarball.getnames())


def test_the_copy_of_the_core_is_a_part_of_it() -> None:
    copy, wheel = map(Path, _slim.core_path("cdktf"))
    packed = [next((folder / "_jsii").glob("*.jsii.tgz")) for folder in (copy, wheel)]
    names, whole = map(names_in, packed)
    assert names < whole
    assert {"package/.jsii", "package/package.json", "package/lib/index.js"} <= names
    assert len(names) < len(whole) / 3


@pytest.mark.synth
def test_node_finds_all_that_it_needs_in_the_copies() -> None:
    """Where it does not, the whole packages are taken, and nobody but the clock notices."""
    code = """
from cellfactory.constructs import _bindings, _slim, cdk
_bindings._import_core(_slim.core_path("cdktf"))
import cdktf._jsii, sys
print(sys.modules["cdktf._jsii"].__file__ == _slim.core_path("cdktf")[0] + "/_jsii/__init__.py")
"""
    done = run_python(code)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_every_module_of_the_table_is_in_use() -> None:
    """A module is loaded whole, in Python and in Node: none is paid for in vain."""
    taken = {
        alias.name
        for path, tree in modules().items()
        if path.name != "cdk.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == cdk.__name__
        for alias in node.names
    }
    assert taken <= set(cdk.table())
    in_use = {module for name, module in cdk.table().items() if name in taken}
    assert set(cdk.table().values()) == in_use


def test_a_name_that_is_not_in_the_table_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="NoSuchThing"):
        _ = cdk.NoSuchThing  # type: ignore[attr-defined]


def test_dir_lists_the_table_without_loading_it() -> None:
    assert {"Vpc", "EksCluster", "TerraformStack"} <= set(dir(cdk))


@pytest.mark.synth
def test_names_are_terraform_addresses(network: Mapping[str, Any]) -> None:
    """A direct child of a stack keeps its id, without a hash of its path."""
    named = {kind: sorted(bodies) for kind, bodies in network["resource"].items()}
    assert named == {
        "aws_eks_cluster": ["cluster"],
        "aws_subnet": ["pods-use1-az1"],
        "aws_vpc": ["vpc"],
        "aws_vpc_peering_connection": ["edge"],
    }


@pytest.mark.synth
def test_edges_are_rows_of_a_map(network: Mapping[str, Any], files: Mapping[str, str]) -> None:
    edge = network["resource"]["aws_vpc_peering_connection"]["edge"]
    assert edge["for_each"] == "${local.edges}"
    assert edge["peer_vpc_id"] == "${each.value.vpc}"
    assert '"for_each": "${local.edges}"' in files["stacks/a-network/cdk.tf.json"]
    assert network["locals"] == {"edges": {"b": {"vpc": '${var.peer_vpc["b"]}', "blocks": 2}}}


@pytest.mark.synth
def test_variables_are_typed_and_have_no_default(network: Mapping[str, Any]) -> None:
    assert network["variable"] == {"peer_vpc": {"type": "map(string)", "nullable": False}}


@pytest.mark.synth
def test_state_and_versions(network: Mapping[str, Any], files: Mapping[str, str]) -> None:
    assert network["terraform"] == {
        "backend": {
            "s3": {
                "bucket": "b",
                "encrypt": True,
                "key": "a/network.tfstate",
                "kms_key_id": "alias/state",
                "region": "us-east-1",
                "use_lockfile": True,
            }
        },
        "required_providers": {
            "aws": {"source": "hashicorp/aws", "version": ">= 5.100.0, < 7.0.0"}
        },
    }
    assert files["stacks/a-network/versions.tf"] == (
        'terraform {\n  required_version = ">= 1.10.0"\n}\n'
    )  # Checkov parses no JSON that holds it
    platform = json.loads(files["stacks/a-platform/cdk.tf.json"])
    assert platform["terraform"]["backend"] == {"local": {"path": "terraform.tfstate"}}
    assert platform["terraform"]["required_providers"].keys() == {"helm"}


@pytest.mark.synth
def test_the_output_tells_nothing_of_the_machine(files: Mapping[str, str], tmp_path: Path) -> None:
    assert sorted(files) == [
        "manifest.json",
        "stacks/a-network/cdk.tf.json",
        "stacks/a-network/versions.tf",
        "stacks/a-platform/cdk.tf.json",
        "stacks/a-platform/versions.tf",
    ]
    said = "".join(files.values())
    for trace in (str(Path.cwd()), str(tmp_path.parent), sys.prefix, "/tmp", ".js:", "stack-trace"):
        assert trace not in said
    for text in (text for path, text in files.items() if path.endswith(".json")):
        assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


@pytest.mark.synth
def test_a_second_run_elsewhere_gives_the_same_bytes(
    files: Mapping[str, str], tmp_path: Path
) -> None:
    """Another folder, a cold cache, a context and an output folder from the outside."""
    again = synthesize(
        tmp_path / "out",
        cwd=tmp_path,
        CELLFACTORY_CACHE=str(tmp_path / "cache"),
        CDKTF_CONTEXT_JSON='{"cdktfVersion": "9"}',
        CDKTF_OUTDIR=str(tmp_path / "elsewhere"),
        SYNTH_HCL_OUTPUT="true",
    )
    assert again == files
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.synth
def test_checks_change_nothing(files: Mapping[str, str], tmp_path: Path) -> None:
    assert synthesize(tmp_path, CELLFACTORY_CDK="checked") == files


@pytest.mark.synth
def test_another_node_changes_nothing(files: Mapping[str, str], tmp_path: Path) -> None:
    other = shutil.which("node")
    if other is None:
        pytest.skip("there is no other Node on PATH")
    assert synthesize(tmp_path, JSII_NODE=other) == files


@pytest.mark.synth
def test_a_jsii_that_is_packed_otherwise_runs_by_its_own_launcher(
    files: Mapping[str, str], tmp_path: Path
) -> None:
    moved = "from cellfactory.constructs import _node; _node._KERNEL = 'lib/moved.js'"
    assert synthesize(tmp_path, app=f"{moved}\n{APP}") == files


@pytest.mark.synth
def test_the_runtime_joins_the_kernel_to_our_pipes(tmp_path: Path) -> None:
    """File 3 is stdin and stdout; what the kernel prints goes to stderr, wrapped for jsii."""
    kernel = tmp_path / "kernel.js"
    kernel.write_text(
        """
        const fs = require("fs");
        const buffer = Buffer.alloc(16);
        const read = fs.readSync(3, buffer, 0, 16, null);
        fs.writeSync(3, `heard ${buffer.toString("utf8", 0, read)}`);
        console.log("said");
        console.error("warned");
        """,
        "utf-8",
    )
    runtime = Path(_node.__file__).with_name("_runtime.js")
    done = subprocess.run(
        [_node._node(), str(runtime)],
        env={"CELLFACTORY_JSII_KERNEL": str(kernel)},
        input="hello",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "heard hello"
    said, warned = map(json.loads, done.stderr.splitlines())
    assert b64decode(said["stdout"]) == b"said\n"
    assert b64decode(warned["stderr"]) == b"warned\n"


@pytest.mark.synth
@pytest.mark.timeout(1_000)  # minutes on a busy machine: 2,200 modules, twice
def test_the_plain_bindings_give_the_same_bytes(files: Mapping[str, str], tmp_path: Path) -> None:
    """Slow (every module of the provider, in Python and in Node), and the point of the door."""
    plain = synthesize(
        tmp_path,
        CELLFACTORY_CDK="plain",
        JSII_NODE=_node._node(),
        JSII_RUNTIME_PACKAGE_CACHE="disabled",
    )
    assert plain == files


@pytest.mark.synth
@pytest.mark.parametrize("mode", ["fast", "checked"])
def test_a_wrong_type_is_refused(mode: str) -> None:
    code = """
from cellfactory.constructs import cdk
from cellfactory.constructs.stack import LocalState, new_stack, synth_app
def build(app):
    cdk.Vpc(new_stack(app, "x", state=LocalState()), "vpc", cidr_block=5)
synth_app(build)
"""
    done = run_python(code, env={"CELLFACTORY_CDK": mode})
    assert done.returncode != 0
    assert ("TypeError" if mode == "checked" else "Value is not a string") in done.stderr


@pytest.mark.synth
def test_what_the_bindings_refuse_is_told_by_its_rule() -> None:
    code = """
from cellfactory.constructs.stack import LocalState, new_stack, synth_app
def build(app):
    for _ in range(2):
        new_stack(app, "twice", state=LocalState())
synth_app(build)
"""
    said = "SynthError: F402 the stacks cannot be synthesized: There is already a Construct"
    assert said in run_python(code).stderr


def test_a_handle_in_the_output_is_refused() -> None:
    text = json.dumps({"for_each": {"$jsii.byref": "Object@10044"}})
    with pytest.raises(SynthError, match=r'^F401 .*"\$jsii.byref"'):
        normalise(text)


@pytest.mark.synth
def test_without_a_home_to_write_nothing_stays_behind(
    files: Mapping[str, str], tmp_path: Path
) -> None:
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    made = synthesize(tmp_path / "out", HOME=os.devnull, TMPDIR=str(scratch), CELLFACTORY_CACHE="")
    assert made == files
    assert list(scratch.iterdir()) == []


@pytest.mark.synth
def test_a_cache_that_others_may_write_is_not_used(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(0o777)
    synthesize(tmp_path / "out", CELLFACTORY_CACHE=str(cache))
    assert list(cache.iterdir()) == []


@pytest.mark.synth
def test_the_bindings_bytecode_is_kept_apart(tmp_path: Path) -> None:
    """The cache is filled whatever Python is told of bytecode; asserts of ours stay."""
    code = """
import dis, sys
from cellfactory.constructs.cdk import Vpc
assert sys.dont_write_bytecode
print(__debug__, any(step.argval == "check_type" for step in dis.get_instructions(Vpc.__init__)))
"""
    cache = tmp_path / "cache"
    env = {"CELLFACTORY_CACHE": str(cache), "PYTHONDONTWRITEBYTECODE": "1"}
    done = run_python(code, env=env)
    assert done.stdout.split() == ["True", "False"]
    kept = list((cache / "bytecode").iterdir())
    assert len(kept) >= 4
    for path in kept:
        path.write_bytes(path.read_bytes()[:100])  # a disk that ran full, say
    assert run_python(code, env=env).stdout == done.stdout


@pytest.mark.synth
@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"CELLFACTORY_CDK": "quick"}, "F403 CELLFACTORY_CDK is 'quick'"),
        ({"JSII_NODE": "/no/such/node"}, "F404 the bindings cannot be started"),
        ({"TMPDIR": "/no/such/folder"}, "F404 the bindings cannot be started: ENOENT"),
    ],
)
def test_what_cannot_start_says_why(env: dict[str, str], said: str) -> None:
    done = run_python("from cellfactory.constructs.cdk import Vpc", env=env)
    assert f"cellfactory.errors.SynthError: {said}" in done.stderr
