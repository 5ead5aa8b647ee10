"""What tests ask of the Textract stand-in beside its protocol."""

import json
import time
import urllib.request
from typing import Any

from PIL import Image

WHITE = Image.new("RGB", (300, 300), "white")


def ask(url: str, **fault: Any) -> None:
    """Let something go wrong: see local/textract/faults.py."""
    request = urllib.request.Request(
        f"{url}/_control/faults", data=json.dumps(fault).encode(), method="POST"
    )
    urllib.request.urlopen(request, timeout=5).close()


def started(url: str, name: str = "") -> list[dict[str, Any]]:
    """The jobs that were started, those of one object where it is named."""
    with urllib.request.urlopen(f"{url}/_control/jobs", timeout=5) as answer:
        jobs: list[dict[str, Any]] = json.loads(answer.read())["jobs"]
    return [job for job in jobs if job["name"] == name or not name]


def finished(client: Any, job: str, **more: Any) -> dict[str, Any]:
    """The first answer after the end of a job."""
    for _ in range(600):
        answer: dict[str, Any] = client.get_expense_analysis(JobId=job, **more)
        if answer["JobStatus"] != "IN_PROGRESS":
            return answer
        assert answer["AnalyzeExpenseModelVersion"] == "sapmatch-local-1"
        time.sleep(0.05)
    raise AssertionError("the job does not end")
