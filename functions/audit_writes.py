"""Compare every day what we wrote with what SAP holds, and tell of each difference."""

from typing import Any

import msgspec

from functions._metrics import measured
from functions._runs import audited, deadline
from functions._runtime import Event, task
from sapmatch.bootstrap import services


@task
def handler(_event: Event, context: Any) -> dict[str, Any]:
    """Any event -> {"found"}: how many differences; the report lies under audits/."""
    parts = services()
    audits, failures = audited(parts, deadline(context, parts.clock))
    day = parts.clock.now().date().isoformat()
    report = {"schema": 1, "day": day, "flows": audits, "failed": failures}
    parts.objects.write(f"audits/{day}.json", msgspec.json.encode(report))
    found = [str(difference) for audit in audits for difference in audit.differences]
    measured(AuditDifferences=len(found), FlowsNotAudited=len(failures))
    if found:
        parts.exceptions.about_audit(day, found)
    return {"found": len(found), "failed": len(failures)}
