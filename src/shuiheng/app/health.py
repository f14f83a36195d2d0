"""Is it alive? For a watchdog or a load balancer: nothing here is secret."""

from __future__ import annotations

from importlib.metadata import version

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

WORKER_SILENT_SECONDS = 30


def worker_lives() -> bool:
    """Whether a job worker has given a sign of life within the last half minute."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(last_heartbeat) > now() - make_interval(secs => %s), false) "
            "FROM procrastinate_workers",
            [WORKER_SILENT_SECONDS],
        )
        return bool(cursor.fetchone()[0])


def health(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, 503 when not; the worker's silence is told, not punished."""
    state: dict[str, object] = {"version": version("shuiheng"), "database": False, "worker": False}
    try:
        state |= {"worker": worker_lives(), "database": True}
    except DatabaseError:
        return JsonResponse(state, status=503)
    return JsonResponse(state)
