"""A state that Terraform could not save where it belongs is never lost, and comes first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cellfactory.errors import UsageError
from cellfactory.files import write_whole
from cellfactory.layers import StackId
from cellfactory.terraform import rescue
from cellfactory.terraform.results import Result
from cellfactory.terraform.runner import destroy_stacks, plan_stacks_now
from tests.unit.terraform.scene import NETWORK, Scene, network, sources_of
from tests.unit.terraform.test_runner import ADD, apply, make_network

STACK = StackId("a", "network")
STATE = '{"version": 4, "serial": 7}'
DUMP = json.dumps({"type": "log", "@message": "Emergency state dump", "state": {"serial": 7}})


def errored(scene: Scene) -> Path:
    return scene.root / "sandbox" / "work" / "a-network" / "errored.tfstate"


def leave_behind(scene: Scene) -> None:
    """Let an apply fail as where the state cannot be uploaded."""
    scene.does("a-network", "apply", error="Failed to persist state", leaves=STATE)
    (result,) = apply(scene, network("a")).values()
    assert result.status == "failed"
    make_network(scene, "a")


def pushes(scene: Scene) -> list[list[str]]:
    return [more for event, _, command, more in scene.log if (event, command) == ("begin", "state")]


def test_a_state_that_could_not_be_saved_is_named_and_kept_twice(scene: Scene) -> None:
    scene.does("a-network", "apply", error="Failed to persist state", leaves=STATE)
    (result,) = apply(scene, network("a")).values()
    assert result.finding
    assert result.finding.rule == "F650"
    assert str(errored(scene)) in result.reason
    assert "state push errored.tfstate" in result.reason
    assert errored(scene).read_text("utf-8") == STATE
    assert scene.context().registry.kept_state(STACK) == STATE


def test_the_next_apply_pushes_it_before_anything_else(scene: Scene) -> None:
    leave_behind(scene)
    (result,) = apply(scene, network("a"), run="second").values()
    assert result.status == "applied"
    commands = [c for e, _, c, _ in scene.log if e == "begin"]
    assert commands[-3:] == ["init", "state", "apply"] or commands[-2:] == ["state", "apply"]
    assert pushes(scene) == [["push", "-lock-timeout=60s", "errored.tfstate"]]
    assert not errored(scene).exists()
    assert scene.context().registry.kept_state(STACK) is None


def test_another_machine_finds_it_in_the_registry(scene: Scene) -> None:
    leave_behind(scene)
    errored(scene).unlink()
    assert next(iter(apply(scene, network("a"), run="second").values())).status == "applied"
    assert len(pushes(scene)) == 1


def test_a_destroy_pushes_it_too(scene: Scene) -> None:
    leave_behind(scene)
    (result,) = destroy_stacks(scene.context(), [STACK], scene.listener, parallel=1)
    assert result.status == "destroyed"
    assert len(pushes(scene)) == 1


def test_nothing_is_done_to_a_stack_whose_state_terraform_refuses(scene: Scene) -> None:
    leave_behind(scene)
    scene.does("a-network", "state", error="cannot import state with serial 7 over serial 9")
    before = scene.commands("apply")
    (result,) = apply(scene, network("a"), run="second").values()
    assert (result.status, scene.commands("apply")) == ("failed", before)
    assert result.finding
    assert result.finding.rule == "F650"
    assert errored(scene).exists()


def test_nothing_is_planned_without_it(scene: Scene) -> None:
    leave_behind(scene)
    stack = network("a")
    (result,) = plan_stacks_now(
        scene.context(), [stack], sources_of(stack), scene.listener, parallel=1
    )
    assert result.finding
    assert (result.status, result.finding.rule) == ("failed", "F650")
    assert scene.commands("plan") == []
    assert errored(scene).exists()


def dumped(scene: Scene) -> Result:
    scene.does("a-network", "apply", prints=[DUMP], error="no space left on device")
    return next(iter(apply(scene, network("a")).values()))


def test_a_state_that_terraform_could_only_say_is_written_down(scene: Scene) -> None:
    result = dumped(scene)
    assert json.loads(errored(scene).read_text("utf-8")) == {"serial": 7}
    assert errored(scene).stat().st_mode & 0o077 == 0
    assert result.finding
    assert result.finding.rule == "F650"


def test_where_the_disk_is_full_it_goes_elsewhere(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = write_whole

    def full(path: Path, content: str, *, private: bool = False) -> bool:
        if path.name == rescue.ERRORED:
            msg = f"cannot write {path}: No space left on device"
            raise UsageError(msg)
        return whole(path, content, private=private)

    monkeypatch.setattr(rescue, "write_whole", full)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    result = dumped(scene)
    other = tmp_path / "elsewhere" / "cellfactory-a-network.tfstate"
    assert json.loads(other.read_text("utf-8")) == {"serial": 7}
    assert str(other) in result.reason


def test_what_was_at_work_when_terraform_ended_is_named(scene: Scene) -> None:
    scene.does("a-network", "apply", begins=[ADD], error="plugin exited", outputs=NETWORK)
    (result,) = apply(scene, network("a")).values()
    told = "\n".join(map(str, result.diagnostics))
    assert "Terraform ended while it worked on 1 resource" in told
    assert "create aws_vpc.cell" in told
    assert "cellfactory orphans --sandbox" in told


def test_what_terraform_finished_is_not_named(scene: Scene) -> None:
    scene.does("a-network", "apply", begins=[ADD], ends=[ADD], error="another one")
    (result,) = apply(scene, network("a")).values()
    assert "while it worked on" not in "\n".join(map(str, result.diagnostics))


def test_a_failed_stack_names_the_log_that_holds_what_terraform_said(scene: Scene) -> None:
    scene.does("a-network", "apply", error="throttled")
    (result,) = apply(scene, network("a")).values()
    assert result.log == scene.root / "sandbox" / "logs" / "a-network" / "apply.log"
    text = result.log.read_text("utf-8")
    assert text.startswith("$ terraform apply -json")
    assert "throttled" in text
    apply(scene, network("a"), run="second")
    assert "throttled" in result.log.with_name("apply.1.log").read_text("utf-8")
    apply(scene, network("a"), run="third")
    logs = sorted(p.name for p in result.log.parent.iterdir())
    assert [name for name in logs if name.startswith("apply")] == ["apply.1.log", "apply.log"]
