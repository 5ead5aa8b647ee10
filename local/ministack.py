"""MiniStack, mended in two places so that our state machines behave as on AWS.

Its workers report every exception as Runtime.HandlerError, so no Retry or Catch of a state machine
would ever see one of our errors: they are named by their class, and a worker that died by AWS's
name for it. Its distributed maps know
MaxConcurrency as a number only: the path is followed. Everything else is as published.
"""

from typing import Any

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import lambda_svc, stepfunctions

_AS_PUBLISHED = '"error": str(e), "trace": traceback.format_exc()'
_DIED = "Worker process died"
_NAMED = '"error": type(e).__name__ + "\\x00" + str(e), "trace": traceback.format_exc()'


def main() -> None:
    """Run the emulator in the foreground; RuntimeError where it is not the version we know."""
    _name_errors()
    _bound_maps()
    app.main()


def _bound_maps() -> None:
    """Follow MaxConcurrencyPath."""
    published = stepfunctions._run_distributed_map

    def run(state: Any, raw_input: Any, effective: Any, *rest: Any) -> Any:
        if path := state.get("MaxConcurrencyPath"):
            most = stepfunctions._resolve_path(path, effective)
            state = {**state, "MaxConcurrency": most}
        return published(state, raw_input, effective, *rest)

    stepfunctions._run_distributed_map = run


def _name_errors() -> None:
    """Report the class of an error."""
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    named = script.replace(_AS_PUBLISHED, _NAMED.replace("\x00", "\\x00"))
    if named == script:
        raise RuntimeError(
            "this MiniStack reports errors otherwise: look at local/ministack.py anew"
        )
    lambda_runtime._PYTHON_WORKER_SCRIPT = named
    published = lambda_svc._execute_function_warm

    def execute(func: Any, event: Any, request_id: str) -> Any:
        answer = published(func, event, request_id)
        body = answer.get("body")
        if answer.get("error") and "\x00" in body.get("errorMessage", ""):
            body["errorType"], _, body["errorMessage"] = body["errorMessage"].partition("\x00")
        elif answer.get("error") and body.get("errorMessage") == _DIED:
            body["errorType"] = "Runtime.ExitError"
        return answer

    lambda_svc._execute_function_warm = execute


if __name__ == "__main__":
    main()
