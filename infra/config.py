"""What one stage is made from: the context of cdk.json and its sapmatch.toml."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from constructs import Node

from infra.bundle import LAYERS, ROOT, code_folder, layer_folder, mapping_files
from sapmatch.model.auth import Basic, NoAuth
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected
from sapmatch.settings import Settings, load

LOCAL = "local"

# What the emulator (MiniStack 1.5.33) lacks, and what the stage `local` therefore leaves out.
LOCAL_LIMITS = {
    "appflow": "AWS::AppFlow::* are no types that it knows",
    "identities": "anybody is root: the user of the operating system counts in its place",
    # tests/contract/networks deploys what it knows of each kind, and lists the rest.
    "network": "it knows no VPN, flow logs, rules of groups; there is no network to cut",
    "rotations": "AWS::SecretsManager::RotationSchedule is no type that it knows",
    "schedules": "<aws.scheduler.scheduled-time> arrives as this very text: runs collide",
}


@dataclass(frozen=True)
class StageConfig:
    """One stage of the product; a tenant is a stage."""

    stage: str
    settings: Settings
    build: Path  # what `make bundle` made for this stage
    textract_url: str | None = None  # of the stand-in; AWS's own where None

    @classmethod
    def from_context(cls, node: Node) -> "StageConfig":
        """Read the context; raises InputRejected with the mistakes in the settings."""

        def value(name: str) -> Any:
            return node.try_get_context(name)

        stage = value("stage") or "prod"
        file = ROOT / (value("settings") or "sapmatch.toml")
        build = ROOT / (value("build") or f"build/{LOCAL if stage == LOCAL else 'cloud'}")
        settings = load(file)
        _check_secrets(stage, settings)
        _check_build(build, file, settings)
        return cls(stage, settings, build, value("textract_url"))

    @property
    def prefix(self) -> str:
        """Beginning of the names of this stage's stacks, and the service name in its metrics."""
        return f"sapmatch-{self.stage}"

    @property
    def days(self) -> dict[str, int]:
        """How long state machines wait for people, by what these do.

        One machine carries the runs of all connections: it waits as long as any of them allows.
        """
        provisioning = self.settings.provisioning.values()
        return {
            "Decide": self.settings.reviewing.decide_within_days,
            "Approve": max((rules.approve_within_days for rules in provisioning), default=3),
        }

    def left_out(self, what: str) -> bool:
        """Whether this stage goes without, for the reason in LOCAL_LIMITS."""
        return self.stage == LOCAL and what in LOCAL_LIMITS

    @property
    def layers(self) -> list[str]:
        """Those that functions of this stage need."""
        connections = self.settings.connections.values()
        return [
            name for name in LAYERS if name != "identity" or any(map(has_identity, connections))
        ]

    @property
    def sap_calls_at_once(self) -> int:
        """How many copies of one function may run at the same time.

        It bounds a function, not a connection: the callers of SAP together may call it as many
        times more as there are callers, and one connection is called as often as all may be.
        """
        return sum(c.limits.parallel for c in self.settings.connections.values()) or 1

    @property
    def has_broker(self) -> bool:
        """Whether tokens are made outside of the network in which SAP is called."""
        outside = any(c.tokens_from_outside for c in self.settings.connections.values())
        return outside and (self.settings.network.type != "none" or self.left_out("network"))

    def at_once(self, name: str) -> int:
        """Of a function that calls SAP: who writes also waits for a permit, and counts while so.

        Runs in bulk of all flows may wait together, and a small file that is dropped then still
        finds a function.
        """
        waiting = sum(flow.parallel for flow in self.settings.write_backs.values())
        return self.sap_calls_at_once + (waiting if name == "write_records" else 0)


def has_identity(connection: Connection) -> bool:
    """Whether more than a password may be needed to log on: certificates, signatures, tokens."""
    plain = isinstance(connection.auth, NoAuth | Basic)
    return not plain or bool(connection.ca or connection.proxy)


def _check_secrets(stage: str, settings: Settings) -> None:
    for name, connection in settings.connections.items():
        if stage != LOCAL and any(s.startswith("env:") for s in connection.secrets):
            raise InputRejected(
                f"connections.{name}.auth.secret: env: is for laptop and tests; stage {stage} "
                "needs the ARN or name of a secret in Secrets Manager"
            )


def _check_build(build: Path, file: Path, settings: Settings) -> None:
    """The functions must run with the very settings that this synthesis reads."""
    code = code_folder(build)
    if not (code / "sapmatch.toml").is_file() or not layer_folder(build, "base").is_dir():
        raise InputRejected(f"{build}: holds no bundle; run `make bundle` first")
    beside = {name: file.parent / name for name in mapping_files(settings)}
    for name, path in {"sapmatch.toml": file, **beside}.items():
        bundled = code / name
        if not path.is_file():
            raise InputRejected(f"{path}: is named as a mapping_file in {file} and is not there")
        if not bundled.is_file() or bundled.read_bytes() != path.read_bytes():
            raise InputRejected(f"{bundled}: is not {path}; run `make bundle` again")
