"""The local stage: emulator, SAP, BTP and Textract stand-ins, and the CDK app deployed to them."""

import json
import os
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import msgspec
from msgspec import Struct

from local import accounts, emulator, probe, process
from local.mailbox import Mailbox

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "local"
STAGE_FILE = BUILD / "stage.json"
SETTINGS = BUILD / "sapmatch.toml"
SAP_LOG = BUILD / "sap-requests.jsonl"  # what reached the stand-in, in its own words
SAMPLES = ROOT / "local" / "samples"
START_SECONDS = 90
SAP_SECONDS = 120  # thousands of rows may be put at once
DEPLOY_SECONDS = 300

Say = Callable[[str], None]


class Stage(Struct, frozen=True, kw_only=True):
    """A running local stage; pids so that another process can end it."""

    port: int
    sap_url: str
    textract_url: str
    pids: dict[str, int]
    outputs: dict[str, str]
    mailbox: str

    def environment(self) -> dict[str, str]:
        """The environment in which AWS clients and the command line reach this stage."""
        return {
            **emulator.environment(self.port),
            "AWS_ENDPOINT_URL_TEXTRACT": self.textract_url,
        }

    def sap(self, call: str, wanted: Any = None) -> Any:
        """Ask the SAP stand-in what happened (`changes`, `users`), or tell it what to do."""
        return _asked(self.sap_url, call, wanted)


def _asked(sap_url: str, call: str, wanted: Any = None) -> Any:
    body = None if wanted is None else json.dumps(wanted).encode()
    trust = ssl.create_default_context(cafile=str(BUILD / accounts.CA))
    address = f"{sap_url}/_control/{call}"
    with urllib.request.urlopen(address, body, SAP_SECONDS, context=trust) as answer:  # noqa: S310 - loopback
        return json.loads(answer.read() or "null")


def load() -> Stage | None:
    """The stage that is up, as `up` noted it; None where its processes are gone."""
    if not STAGE_FILE.exists():
        return None
    stage = msgspec.json.decode(STAGE_FILE.read_bytes(), type=Stage)
    return stage if emulator.answers(stage.port) else None


def up(say: Say) -> Stage:
    """Start everything and deploy; on failure what was started is ended again."""
    pids: dict[str, int] = {}
    try:
        stage = _start(say, pids)
    except BaseException:
        _end(pids)
        raise
    STAGE_FILE.write_bytes(msgspec.json.format(msgspec.json.encode(stage)))
    return stage


def down() -> bool:
    """End what `up` started; False where nothing was up."""
    stage = load()
    STAGE_FILE.unlink(missing_ok=True)
    if stage is None:
        return False
    _end(stage.pids)
    return True


@contextmanager
def running(say: Say) -> Iterator[Stage]:
    """A stage that ends with the block, its environment set inside."""
    stage = up(say)
    before = dict(os.environ)
    os.environ.update(stage.environment())
    try:
        yield stage
    finally:
        os.environ.clear()
        os.environ.update(before)
        down()


def _start(say: Say, pids: dict[str, int]) -> Stage:
    if load() is not None:
        raise RuntimeError("a local stage is up already; end it with: make down")
    BUILD.mkdir(parents=True, exist_ok=True)
    say("starting the AWS emulator, SAP and Textract on 127.0.0.1")
    port = process.free_port()
    pids["emulator"] = emulator.start(port, BUILD / "emulator.log").pid
    aws = emulator.environment(port)
    session = boto3.Session("test", "test", region_name=emulator.REGION)
    probe.check(session, aws["AWS_ENDPOINT_URL"])
    known = accounts.made(BUILD)
    SAP_LOG.unlink(missing_ok=True)
    seed = ["--seed", str(SAMPLES / "sap.json"), "--log", str(SAP_LOG)]
    sap_env = {"SAP_USERS": json.dumps(accounts.PASSWORDS)}
    pids["sap"], sap_url = _server("local.sap", [*seed, *known.options], sap_env)
    _seed_users(sap_url)
    pids["textract"], textract_url = _server("local.textract", [], aws)
    file = accounts.destinations(BUILD, sap_url)
    btp = ["--destinations", str(file)]
    pids["btp"], shown = _server("local.btp", btp, {"BTP_CLIENTSECRET": accounts.BTP_SECRET})
    _write_settings(sap_url)
    binding = accounts.binding(json.loads(shown))
    _put_secrets(session, aws["AWS_ENDPOINT_URL"], {**known.secrets, accounts.BTP: binding})
    outputs = _deploy(say, aws, textract_url)
    mailbox = Mailbox.attach(session, aws["AWS_ENDPOINT_URL"], outputs["TopicArn"])
    return Stage(
        port=port,
        sap_url=sap_url,
        textract_url=textract_url,
        pids=pids,
        outputs=outputs,
        mailbox=mailbox.queue_url,
    )


def _seed_users(sap_url: str) -> None:
    """The clients of the stand-in, one that administrates the users of the others, and users."""
    landscape = (SAMPLES / "provisioning" / "landscape.json").read_text()
    _asked(sap_url, "abap", {"seed": json.loads(landscape)})


def _server(module: str, arguments: list[str], env: dict[str, str]) -> tuple[int, str]:
    """Start one of our own servers; its first line of output says where it is."""
    log = BUILD / f"{module}.log"
    command = [sys.executable, "-m", module, *arguments]
    child = process.start(command, log, env)

    def ready() -> bool:
        if child.poll() is not None:
            raise ChildProcessError(f"{module} ended at once:\n{process.tail(log)}")
        return "\n" in log.read_text()

    try:
        process.wait_until(ready, module, START_SECONDS, log)
    except BaseException:
        process.end(child)
        raise
    return child.pid, log.read_text().splitlines()[0].strip()


def _write_settings(sap_url: str) -> None:
    template = (SAMPLES / "sapmatch.toml").read_text()
    SETTINGS.write_text(template.replace("{sap_url}", sap_url) + accounts.people())


def _put_secrets(session: boto3.Session, endpoint: str, secrets: dict[str, dict[str, str]]) -> None:
    store = session.client("secretsmanager", endpoint_url=endpoint)
    for name, fields in secrets.items():
        store.create_secret(Name=name, SecretString=json.dumps(fields))


def _deploy(say: Say, aws: dict[str, str], textract_url: str) -> dict[str, str]:
    """Bundle, `cdk bootstrap`, `cdk deploy`; returns the stacks' outputs."""
    say("bundling the functions and their layers")
    bundle = [sys.executable, "-m", "infra.bundle", "--target", "local"]
    _run([*bundle, "--settings", str(SETTINGS)], aws, "bundle")
    context = [
        *("--app", f"{sys.executable} app.py"),
        *("--output", str(BUILD / "cdk.out")),
        *("-c", "stage=local"),
        *("-c", f"settings={SETTINGS}"),
        *("-c", f"textract_url={textract_url}"),
    ]
    cdk = [str(ROOT / "node_modules" / ".bin" / "cdk")]
    env = {**aws, "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20", "CI": "true"}
    say("cdk bootstrap")
    target = f"aws://{emulator.ACCOUNT}/{emulator.REGION}"
    # From a folder without cdk.json: bootstrapping needs no synthesis of our stacks.
    _run([*cdk, "bootstrap", target], env, "bootstrap", BUILD)
    say("cdk deploy")
    outputs = BUILD / "outputs.json"
    options = ["--all", "--require-approval", "never", "--outputs-file", str(outputs)]
    _run([*cdk, "deploy", *options, *context], env, "deploy")
    stacks = json.loads(outputs.read_text())
    return {name: value for stack in stacks.values() for name, value in stack.items()}


def _run(command: list[str], env: dict[str, str], name: str, folder: Path = ROOT) -> None:
    """Run one step with a time limit; a failure shows the end of its log and the emulator's."""
    log = BUILD / f"{name}.log"
    with log.open("wb") as output:
        try:
            subprocess.run(
                command,
                cwd=folder,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=DEPLOY_SECONDS,
                check=True,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as exc:
            ends = f"{process.tail(log)}\n--- emulator:\n{process.tail(BUILD / 'emulator.log')}"
            raise RuntimeError(f"{name} failed; {log} ends:\n{ends}") from exc


def _end(pids: dict[str, int]) -> None:
    for pid in pids.values():
        process.stop(pid)
