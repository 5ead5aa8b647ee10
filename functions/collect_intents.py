"""Collect what is planned, or a dropped file, into the update file of one run."""

import os
from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.bootstrap.mappings import mapping_for
from sapmatch.writing.update_file import collect, collect_inbox, refuse_inbox


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"flow", "run_id"[, "inbox_key", "version_id"]} -> ids, "records", "mistakes"."""
    parts = services()
    flow, run_id = event["flow"], event["run_id"]
    settings = parts.settings.write_backs.get(flow)
    if event.get("inbox_key") and settings is None:
        file = refuse_inbox(flow, run_id, parts.settings.write_backs, parts.objects)
    elif event.get("inbox_key") and settings:
        file = collect_inbox(
            flow,
            settings,
            parts.settings.connections[settings.connection].client,
            inbox_key=event["inbox_key"],
            version_id=event.get("version_id"),
            intents=parts.intents,
            objects=parts.objects,
            run_id=run_id,
            now=parts.clock.now(),
            mapping=mapping_for(flow, settings, os.environ),
        )
    else:
        file = collect(flow, parts.intents, parts.objects, run_id, parts.clock.now())
    counts = {"records": len(file.records), "mistakes": file.mistakes}
    return {"flow": flow, "run_id": run_id, **counts}
