"""The rules of the house that a machine can check."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ["src", "functions", "infra", "local", "benchmarks", "tests", "app.py"]


def sources(*places: str) -> list[Path]:
    """Our Python files under the places."""
    found = []
    for place in map(ROOT.joinpath, places):
        found += [place] if place.is_file() else sorted(place.rglob("*.py"))
    return found


def tracked() -> list[Path]:
    """Every file that git keeps."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listing.stdout.split("\0") if name]


def test_the_import_rules_hold() -> None:
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", sources("functions"), ids=lambda p: p.name)
def test_a_handler_has_at_most_thirty_lines(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 30, node.name


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    long = {p.name: len(p.read_text().splitlines()) for p in sources(*CODE)}
    assert {name: n for name, n in long.items() if n > 400} == {}


def test_every_module_imports_in_an_empty_environment() -> None:
    """Nothing happens at import: no client, no environment, no file."""
    modules = [".".join(p.relative_to(ROOT).with_suffix("").parts) for p in sources("functions")]
    code = "import importlib\n" + "".join(f"importlib.import_module({m!r})\n" for m in modules)
    code += "import sys\nassert 'boto3' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_the_changelog_and_the_package_name_the_same_version() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    version = re.search(r'^version = "(.+)"', project, re.MULTILINE)
    assert version is not None
    assert f"## {version[1]}" in (ROOT / "CHANGELOG.md").read_text()


def test_no_check_of_a_certificate_is_ever_switched_off() -> None:
    pattern = re.compile(r"verify\s*=\s*Fal" + "se")
    assert [p for p in sources("src", "functions", "infra") if pattern.search(p.read_text())] == []


def test_locks_name_no_registry() -> None:
    for name in ("package-lock.json", *(p.name for p in ROOT.glob("requirements*.txt"))):
        text = (ROOT / name).read_text()
        assert '"resolved"' not in text, name
        assert "index-url" not in text, name
        assert "--find-links" not in text, name
        hashes = text.count("--hash=") if name.endswith(".txt") else text.count('"integrity"')
        assert hashes > 0, name


def test_no_tracked_file_is_large_or_names_a_path_of_a_machine() -> None:
    machine = re.compile(rb"(?:^|[\s\"'=(])/(?:work|home|root|Users)/[A-Za-z0-9_.-]+/")
    for path in tracked():
        if path.exists():
            data = path.read_bytes()
            assert len(data) < 2_000_000, path
            assert not machine.search(data), path
