"""Child processes of the local stage: started with a log file, ended by their own pid."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

STOP_SECONDS = 5


def free_port() -> int:
    """A port of this machine that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(command: Sequence[str], log: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own, its output in the log file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **env},
            start_new_session=True,
        )


def wait_until(ready: Callable[[], bool], what: str, seconds: float, log: Path) -> None:
    """Poll until ready; raises TimeoutError with the end of the log."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} not ready after {seconds:.0f} s; {log} ends:\n{tail(log)}")
        time.sleep(0.1)


def tail(log: Path, size: int = 3000) -> str:
    """The end of a log file."""
    return log.read_text(errors="replace")[-size:] if log.exists() else "(no log)"


def stop(pid: int) -> None:
    """End the process group of the pid: politely, then by force."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while alive(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        if alive(pid):
            os.killpg(pid, signal.SIGKILL)


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process that this one started."""
    stop(process.pid)
    process.wait(timeout=STOP_SECONDS)


@contextlib.contextmanager
def running(
    command: Sequence[str], log: Path, env: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the block."""
    process = start(command, log, env)
    try:
        yield process
    finally:
        end(process)


def alive(pid: int) -> bool:
    """Whether the process runs; a child of ours that ended is reaped on the way."""
    with contextlib.suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
