"""`sapmatch reload EXTRACTION`: read everything anew, after SAP forgot or fields changed."""

import argparse

from sapmatch.bootstrap import extraction_machine
from sapmatch.cli import output
from sapmatch.cli.options import add_common
from sapmatch.clock import SystemClock
from sapmatch.model.errors import InputRejected


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("extraction", metavar="EXTRACTION", help="its name in the settings")
    parser.add_argument("--stage", metavar="NAME", help="name of the deployed stage")
    add_common(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Start one run that reads everything anew; returns at once."""
    name = arguments.extraction
    workflows, machine, known = extraction_machine(arguments.stage)
    if name not in known:
        raise InputRejected(
            f"extraction {name}: is not deployed; known are {', '.join(known) or 'none'}"
        )
    now = SystemClock().now()
    job = {"extraction": name, "run_id": f"{now:%Y-%m-%dT%H:%M:%SZ}", "reload": True}
    execution = f"reload-{name}-{now:%Y%m%dT%H%M%SZ}"
    workflows.start(machine, execution, job)
    if arguments.json:
        output.json_line({**job, "execution": execution, "machine": machine})
    else:
        stage = f" --stage {arguments.stage}" if arguments.stage else ""
        output.line(f"started {execution} of {machine}")
        output.line(f"run {job['run_id']}; watch it: sapmatch status --extractions{stage}")
        output.line("It ends at once as AlreadyRunning where another run is under way.")
    return 0
