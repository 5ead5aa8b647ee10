"""What people say about runs of desired users: asked for from outside, taken inside a function."""

import hashlib
import os
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from sapmatch.aws.identity import Signature
from sapmatch.bootstrap.deciding import proved, vouched
from sapmatch.bootstrap.parts import Services
from sapmatch.bootstrap.provisioning import machine, provisioner
from sapmatch.model.errors import InputRejected
from sapmatch.model.provisioning import ProvisioningRun
from sapmatch.provisioning.states import has_ended
from sapmatch.settings import Environment

_CALLED = "sapmatch-{}-approve-provisioning"


class Wish(Struct, frozen=True, kw_only=True):
    """What a person wants of a run; `plan` is the digest of the plan that they saw."""

    connection: str
    run_id: str
    action: Literal["approve", "reject", "stop", "resume"]
    plan: str = ""
    reason: str = ""

    def digest(self, stage: str) -> str:
        """SHA-256 that ties a signature to this wish on this stage, and to no decision."""
        wish = ["provisioning", stage, *astuple(self)]
        return hashlib.sha256(msgspec.json.encode(wish)).hexdigest()


class _Request(Struct, frozen=True, kw_only=True):
    """What comes to the function; `user` of the operating system counts on the local stage only."""

    wish: Wish
    signature: Signature | None = None
    user: str | None = None


def ask(stage: str | None, wish: Wish) -> dict[str, Any]:
    """Have the function of a deployed stage do it, as the user of this environment.

    Returns {"outcome", "message", ...}.
    """
    from sapmatch.aws.clients import client
    from sapmatch.aws.functions import call

    name = stage or os.environ.get(Environment.STAGE, "prod")
    user, signature = vouched(name, wish.digest(name))
    request = _Request(wish=wish, signature=signature, user=user)
    return call(client("lambda", attempts=1), _CALLED.format(name), msgspec.to_builtins(request))


def approve(parts: Services, event: Mapping[str, Any], account: str) -> dict[str, Any]:
    """Do what came to the function; `account` is the function's own.

    Raises InputRejected and LogonRefused where it is refused.
    """
    try:
        request = msgspec.convert(event, _Request)
    except msgspec.ValidationError as exc:
        raise InputRejected(
            "the request cannot be read; use the sapmatch of this stage's version"
        ) from exc
    wish = request.wish
    who = proved(parts, wish.digest(parts.stage), account, request.signature, request.user)
    return _ACTIONS[wish.action](parts, wish, who)


def _approve(parts: Services, wish: Wish, who: str) -> dict[str, Any]:
    runs = provisioner(parts)
    answer = runs.approve(wish.run_id, wish.connection, wish.plan, who, wish.reason)
    return {"outcome": answer.decision, "message": answer.message, "goes_on": answer.goes_on}


def _reject(parts: Services, wish: Wish, who: str) -> dict[str, Any]:
    answer = provisioner(parts).reject(wish.run_id, wish.connection, who, wish.reason)
    return {"outcome": answer.decision, "message": answer.message, "goes_on": answer.goes_on}


def _stop(parts: Services, wish: Wish, who: str) -> dict[str, Any]:
    run = provisioner(parts).stop(wish.run_id, wish.connection, who)
    message = f"run {wish.run_id}: ends behind the user that it is at; what is done stays done"
    if not parts.workflows.is_running(machine(parts), run.execution_name):
        message = (
            f"run {wish.run_id}: its execution was broken off, so nothing is changed any more; "
            "`sapmatch provision resume` lets it go on"
        )
    return {"outcome": "stopped", "message": message}


def _resume(parts: Services, wish: Wish, who: str) -> dict[str, Any]:
    """The execution is named by how often the run was resumed: two calls start one.

    A run that was not reported goes on too where its execution never began, or was broken off.
    """
    runs = provisioner(parts)
    found = runs.find(wish.run_id, wish.connection)
    broken_off = None
    if found is not None and not has_ended(found):
        if _is_carried(parts, found):
            return _resumed(found)
        broken_off = found.resumed
    run = runs.resume(wish.run_id, wish.connection, who, broken_off)
    _start(parts, run)
    return _resumed(run)


def _resumed(run: ProvisioningRun) -> dict[str, Any]:
    if run.stop_asked:
        raise InputRejected(f"run {run.run_id}: is being stopped; resume it when it has ended")
    return {"outcome": "resumed", "message": f"run {run.run_id}: goes on"}


def _is_carried(parts: Services, run: ProvisioningRun) -> bool:
    """Whether an execution is at it, from now on at the latest; False where it has ended."""
    return _start(parts, run) or parts.workflows.is_running(machine(parts), run.execution_name)


def _start(parts: Services, run: ProvisioningRun) -> bool:
    """Start it under its name: one that runs with the same input stays the one."""
    job = msgspec.to_builtins(run.start)
    return parts.workflows.start(machine(parts), run.execution_name, job)


_ACTIONS = {"approve": _approve, "reject": _reject, "stop": _stop, "resume": _resume}
