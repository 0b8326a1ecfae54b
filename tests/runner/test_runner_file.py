"""Stories of the one file: the same bytes each time, nothing but the standard library, and words when asked."""

import hashlib
import io
import subprocess
import zipfile
from pathlib import Path

import pytest

from bot.runner import build as building
from bot.runner.cli import main


def test_it_is_the_same_file_each_time_and_the_hash_is_its_own() -> None:
    first = building.build()
    building.build.cache_clear()
    assert building.build() == first
    assert building.sha256() == hashlib.sha256(first).hexdigest()


def test_it_holds_only_what_a_job_needs() -> None:
    names = zipfile.ZipFile(io.BytesIO(building.build())).namelist()
    rooms = {name.split("/")[1] for name in names if name.count("/") == 2}
    assert rooms == {"agents", "gates", "runner"}
    assert "bot/agents/ranking.py" not in names and "bot/runner/build.py" not in names


def test_every_module_in_it_starts_without_any_package(
    pyz: Path, bare_python: list[str], tmp_path: Path
) -> None:
    names = [n for n in zipfile.ZipFile(pyz).namelist() if n.startswith("bot/")]
    modules = [n.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for n in names]
    code = f"import sys; sys.path.insert(0, {str(pyz)!r})\nfor m in {modules}: __import__(m)"
    run = subprocess.run([*bare_python, "-c", code], cwd=tmp_path, env={}, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    assert len(modules) > 20


def test_outside_of_a_job_it_says_so(pyz: Path, bare_python: list[str], tmp_path: Path) -> None:
    run = subprocess.run(
        [*bare_python, str(pyz), "handover"], cwd=tmp_path, env={}, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "runs inside a GitHub Actions job" in run.stdout


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["dance"],
        ["generate"],
        ["generate", "tests"],
        ["generate", "tests", "--feature=a", "--coverage-target=101"],
        ["generate", "tests", "--feature=a", "--coverage-target=-1"],
        ["gate", "everything"],
        ["approve"],
    ],
)
def test_wrong_usage_ends_with_two(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
