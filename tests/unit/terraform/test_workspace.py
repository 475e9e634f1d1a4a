"""Work folders: the synthesized file byte for byte, and what stands beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellfactory.errors import UsageError
from cellfactory.layers import StackId
from cellfactory.terraform.engine import Engine
from cellfactory.terraform.target import Mode, Target, environment, override
from cellfactory.terraform.workspace import (
    digest_sources,
    prepare_workspace,
    provider_sources,
    read_sources,
)

STACK = StackId("moka-a", "network")
ENGINE = Engine(argv=("terraform",), version="1.11.4", origin="test")
AWS = {"provider": {"aws": [{"region": "us-east-1"}]}}


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Target(mode="sandbox", folder=tmp_path / "sandbox", endpoint="http://127.0.0.1:1")


@pytest.mark.parametrize(
    "data",
    [b'{"a": 1}', b'{"a":\r\n 1}\r\n', '{"a": "\u00e9\u2028\\u0000"}\n\n'.encode(), b"\n\t{ }"],
)
def test_the_synthesized_file_is_copied_byte_for_byte(
    target: Target, tmp_path: Path, data: bytes
) -> None:
    place = tmp_path / "cdktf.out" / "stacks" / STACK.name
    place.mkdir(parents=True)
    (place / "cdk.tf.json").write_bytes(data)
    sources = read_sources(tmp_path / "cdktf.out", STACK)
    space = prepare_workspace(target, ENGINE, STACK, sources, {})
    assert (space.folder / "cdk.tf.json").read_bytes() == data


def test_all_files_of_a_stack_are_read_but_what_terraform_left_there(tmp_path: Path) -> None:
    place = tmp_path / "stacks" / STACK.name
    for name in ("cdk.tf.json", "charts/one/Chart.yaml", ".terraform/x", ".terraform.lock.hcl"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(name, "utf-8")
    assert read_sources(tmp_path, STACK) == {
        "cdk.tf.json": "cdk.tf.json",
        "charts/one/Chart.yaml": "charts/one/Chart.yaml",
    }


def test_a_stack_that_was_not_synthesized(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="run `cellfactory synth` first"):
        read_sources(tmp_path, STACK)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_file_that_is_no_configuration(target: Target, text: str) -> None:
    with pytest.raises(UsageError, match="the synthesized file of moka-a-network is not"):
        prepare_workspace(target, ENGINE, STACK, {"cdk.tf.json": text}, {})


def test_what_earlier_sources_had_is_gone_and_what_terraform_made_stays(target: Target) -> None:
    first = {"cdk.tf.json": "{}", "charts/old/templates/a.yaml": "a"}
    folder = prepare_workspace(target, ENGINE, STACK, first, {"a": "b"}).folder
    kept = [folder / ".terraform" / "providers" / "x", folder / ".terraform.lock.hcl"]
    for path in kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", "utf-8")
    prepare_workspace(target, ENGINE, STACK, {"cdk.tf.json": "{}"}, {"a": "b"})
    assert not (folder / "charts" / "old" / "templates" / "a.yaml").exists()
    assert all(path.exists() for path in kept)
    assert json.loads((folder / "cellfactory.auto.tfvars.json").read_text("utf-8")) == {"a": "b"}


def test_without_inputs_there_are_no_old_ones_either(target: Target) -> None:
    folder = prepare_workspace(target, ENGINE, STACK, {"cdk.tf.json": "{}"}, {"a": "b"}).folder
    prepare_workspace(target, ENGINE, STACK, {"cdk.tf.json": "{}"}, None)
    assert not (folder / "cellfactory.auto.tfvars.json").exists()


def test_an_init_is_needed_when_what_it_depends_on_is_another(target: Target) -> None:
    sources = {"cdk.tf.json": json.dumps({"terraform": {"backend": {"s3": {"key": "a"}}}})}
    space = prepare_workspace(target, ENGINE, STACK, sources, {})
    assert space.needs_init
    space.mark_init()

    def needs(sources: dict[str, str], target: Target = target, engine: Engine = ENGINE) -> bool:
        return prepare_workspace(target, engine, STACK, sources, {"x": "y"}).needs_init

    more = {"terraform": {"backend": {"s3": {"key": "a"}}}, "resource": {}}
    assert not needs({"cdk.tf.json": json.dumps(more)})
    assert needs({"cdk.tf.json": json.dumps({"terraform": {"backend": {"s3": {"key": "b"}}}})})
    assert needs(sources, engine=replace(ENGINE, version="1.12.0"))
    assert needs(sources, target=replace(target, mirror=Path("/mirror")))


def test_the_sandbox_overrides_the_backend_and_adds_to_the_provider(target: Target) -> None:
    folder = prepare_workspace(target, ENGINE, STACK, {"cdk.tf.json": json.dumps(AWS)}, {}).folder
    told = json.loads((folder / "sandbox_override.tf.json").read_text("utf-8"))
    assert told["terraform"] == {"backend": {"local": {"path": str(target.state_file(STACK))}}}
    assert told["provider"]["aws"]["skip_requesting_account_id"] is False
    assert not {"assume_role", "allowed_account_ids", "region"} & set(told["provider"]["aws"])


def test_a_stack_without_the_aws_provider_is_given_none(target: Target) -> None:
    assert "provider" not in (override(target, STACK, has_aws=False) or {})


@pytest.mark.parametrize("mode", ["aws", "offline"])
def test_nothing_is_overridden_outside_of_the_sandbox(target: Target, mode: Mode) -> None:
    other = replace(target, mode=mode)
    folder = prepare_workspace(other, ENGINE, STACK, {"cdk.tf.json": json.dumps(AWS)}, {}).folder
    assert sorted(p.name for p in folder.iterdir() if p.name != ".terraform") == [
        "cdk.tf.json",
        "cellfactory.auto.tfvars.json",
    ]


def test_nothing_of_real_aws_gets_into_the_sandbox(target: Target) -> None:
    environ = {
        "AWS_PROFILE": "production",
        "AWS_CA_BUNDLE": "/x",
        "AWS_ENDPOINT_URL_S3": "https://s3.example.com",
        "HOME": "/home/me",
    }
    made = environment(target, environ)
    assert made["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert made["HOME"] == "/home/me"
    assert {k: v for k, v in made.items() if k in environ} == {"HOME": "/home/me"}
    assert made["AWS_EC2_METADATA_DISABLED"] == "true"


def test_real_aws_keeps_its_credentials(target: Target) -> None:
    environ = {"AWS_PROFILE": "production", "AWS_CA_BUNDLE": "/x"}
    made = environment(replace(target, mode="aws"), environ)
    assert made.items() >= environ.items()
    assert "AWS_ENDPOINT_URL" not in made


def test_go_cleans_up_late_unless_the_user_says_when(target: Target) -> None:
    assert environment(target, {})["GOGC"] == "400"
    assert environment(target, {"GOGC": "50"})["GOGC"] == "50"


@pytest.mark.parametrize(
    "name", ["TF_VAR_vpc_id", "TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_WORKSPACE", "TF_DATA_DIR"]
)
def test_what_would_change_a_run_unseen_is_left_out(target: Target, name: str) -> None:
    assert name not in environment(target, {name: "x"})
    assert environment(target, {"TF_LOG": "debug"})["TF_LOG"] == "debug"


def test_plugins_come_from_the_mirror_alone_where_there_is_one(target: Target) -> None:
    made = environment(replace(target, mirror=Path('/mir"ror')), {"TF_CLI_CONFIG_FILE": "/x"})
    rc = Path(made["TF_CLI_CONFIG_FILE"])
    assert rc.parent == target.folder
    assert 'path = "/mir\\"ror"' in rc.read_text("utf-8")
    assert "direct" not in rc.read_text("utf-8")
    assert "TF_PLUGIN_CACHE_DIR" not in made


def test_the_users_own_terraform_settings_are_kept(target: Target, tmp_path: Path) -> None:
    rc = tmp_path / "my.rc"
    rc.write_text("", "utf-8")
    environ = {"TF_CLI_CONFIG_FILE": str(rc), "TF_PLUGIN_CACHE_DIR": "/cache"}
    assert environment(target, environ).items() >= environ.items()


def test_a_settings_file_that_is_not_there_is_replaced_by_an_empty_one(target: Target) -> None:
    made = environment(target, {"TF_CLI_CONFIG_FILE": "/no/such"})
    assert Path(made["TF_CLI_CONFIG_FILE"]).read_text("utf-8") == ""
    assert Path(made["TF_PLUGIN_CACHE_DIR"]).is_dir()


@pytest.mark.parametrize("as_list", [False, True])
def test_the_required_providers(as_list: bool) -> None:
    block = {"aws": {"source": "hashicorp/aws"}, "helm": {"source": "hashicorp/helm"}, "x": {}}
    document = {"terraform": {"required_providers": [block] if as_list else block}}
    assert provider_sources(document) == ("hashicorp/aws", "hashicorp/helm")
    assert provider_sources({}) == ()


files = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=4)


@given(files, files)
def test_a_digest_tells_sources_apart(one: dict[str, str], other: dict[str, str]) -> None:
    assert (digest_sources(one) == digest_sources(other)) == (one == other)
    assert digest_sources(dict(reversed(one.items()))) == digest_sources(one)
