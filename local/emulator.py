"""MiniStack as the AWS of the local stage."""

import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from local import process

REGION = "eu-central-1"
ACCOUNT = "000000000000"
START_SECONDS = 60


def environment(port: int) -> dict[str, str]:
    """What every AWS client of the local stage needs; the credentials are the emulator's own."""
    url = f"http://127.0.0.1:{port}"
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ENDPOINT_URL_S3": url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def start(port: int, log: Path) -> "subprocess.Popen[bytes]":
    """Start the emulator on 127.0.0.1 and wait until it answers."""
    env = {
        **environment(port),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "LAMBDA_EXECUTOR": "local",
        "TMPDIR": str(_emptied(log.with_suffix(".tmp"))),
    }
    child = process.start([sys.executable, "-m", "local.ministack"], log, env)

    def ready() -> bool:
        if child.poll() is not None:
            raise ChildProcessError(f"the AWS emulator ended at once:\n{process.tail(log)}")
        return answers(port)

    try:
        process.wait_until(ready, "the AWS emulator", START_SECONDS, log)
    except BaseException:
        process.end(child)
        raise
    return child


def _emptied(folder: Path) -> Path:
    """The emulator unpacks every function and never tidies up."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder.resolve()


def answers(port: int) -> bool:
    """Whether the emulator of this port is there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False
