"""Synthesis: offline, linted, checked by cdk-nag, refused on any mistake in the settings."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from aws_cdk import App
from aws_cdk import aws_s3 as s3

from infra.bundle import ROOT, code_folder
from infra.config import StageConfig
from infra.stage import add_stage
from sapmatch.model.errors import InputRejected
from tests.infra.conftest import CONTEXT, NETWORKS, SETTINGS, Synthesize
from tests.infra.templates import Templates

MakeBuild = Callable[[str], Path]
# W3005: the CDK writes down a dependency that a reference implies; harmless, and everywhere.
_OWN = re.compile(r"-(network|provider|appflow)\.")
LINT = [str(Path(sys.executable).parent / "cfn-lint"), "--ignore-checks", "W3005", "--"]


def configure(app: App, build: Path, stage: str = "prod") -> StageConfig:
    """The configuration of a stage from a bundle."""
    app.node.set_context("stage", stage)
    app.node.set_context("settings", str(code_folder(build) / "sapmatch.toml"))
    app.node.set_context("build", str(build))
    return StageConfig.from_context(app.node)


def test_cfn_lint_finds_nothing(synthesize: Synthesize) -> None:
    """Whole stages once, and what each kind of network brings."""
    files = [*synthesize("local").files, *synthesize("prod", "vpn").files]
    for network in ("transit", "privatelink", "existing-made"):
        files += [f for f in synthesize("prod", network).files if _OWN.search(f.name)]
    done = subprocess.run([*LINT, *map(str, files)], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("network", NETWORKS)
def test_cdk_nag_has_looked_and_found_nothing(synthesize: Synthesize, network: str) -> None:
    report = json.loads((synthesize("prod", network).folder / "validation-report.json").read_text())
    assert report["pluginReports"] == []


def test_cdk_nag_stops_a_stage_with_an_open_bucket(make_build: MakeBuild, tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path), context=CONTEXT)
    stage = add_stage(app, configure(app, make_build(SETTINGS)))
    s3.Bucket(stage.data, "Careless")
    with pytest.raises(RuntimeError, match="AwsSolutions-S10"):
        app.synth()


def test_a_stage_without_secrets_may_read_none(make_build: MakeBuild, tmp_path: Path) -> None:
    """The network lets it in (auth.type "none"); a right to nothing would be refused by IAM."""
    settings = SETTINGS.replace('{ type = "basic", secret = "sapmatch/s4" }', '{ type = "none" }')
    app = App(outdir=str(tmp_path), context=CONTEXT)
    add_stage(app, configure(app, make_build(settings)))
    app.synth()
    assert "secretsmanager:" not in str(Templates(tmp_path)["integration"])


def test_synthesis_looks_nothing_up(synthesize: Synthesize) -> None:
    for network in NETWORKS:
        manifest = json.loads((synthesize("prod", network).folder / "manifest.json").read_text())
        assert not manifest.get("missing")
        for artifact in manifest["artifacts"].values():
            if artifact["type"] == "aws:cloudformation:stack":
                assert artifact["environment"] == "aws://unknown-account/unknown-region"


def test_a_password_from_the_environment_is_for_the_local_stage_only(make_build: MakeBuild) -> None:
    build = make_build(SETTINGS.replace("sapmatch/s4", "env:S4"))
    with pytest.raises(InputRejected, match=r"connections\.s4\.auth\.secret.*Secrets Manager"):
        configure(App(), build)
    assert configure(App(), build, "local").stage == "local"


def test_without_a_bundle_the_message_names_the_command(tmp_path: Path) -> None:
    code_folder(tmp_path).mkdir()
    (code_folder(tmp_path) / "sapmatch.toml").write_text(SETTINGS)
    with pytest.raises(InputRejected, match="make bundle"):
        configure(App(), tmp_path)


def test_functions_never_run_with_other_settings_than_were_synthesised(
    make_build: MakeBuild, tmp_path: Path
) -> None:
    other = tmp_path / "sapmatch.toml"
    other.write_text(SETTINGS.replace("parallel = 3", "parallel = 30"))
    app = App()
    app.node.set_context("settings", str(other))
    app.node.set_context("build", str(make_build(SETTINGS)))
    with pytest.raises(InputRejected, match="run `make bundle` again"):
        StageConfig.from_context(app.node)


def test_wrong_settings_are_all_named_and_nothing_is_written(tmp_path: Path) -> None:
    settings = tmp_path / "sapmatch.toml"
    settings.write_text(SETTINGS.replace("https://", "http://").replace('"100"', '"1"'))
    context = json.dumps({"settings": str(settings)})
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        cwd=tmp_path,
        env={"CDK_CONTEXT_JSON": context, "CDK_OUTDIR": str(tmp_path / "out"), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode != 0
    assert "connections.s4.url" in done.stderr
    assert "connections.s4.client" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "out").glob("*.json"))
