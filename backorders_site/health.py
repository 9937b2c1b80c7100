from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse


def livez(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """503 without the database or with migrations to run. The broker is reported only: without it pages still work."""
    try:
        executor = MigrationExecutor(connection)
        database = "migrate" if executor.migration_plan(executor.loader.graph.leaf_nodes()) else "ok"
    except DatabaseError:
        database = "unreachable"
    try:
        cache.get("readyz")
        broker = "ok"
    except Exception:  # noqa: BLE001 - redis-py raises errors of several unrelated classes
        broker = "unreachable"
    return JsonResponse({"database": database, "broker": broker}, status=200 if database == "ok" else 503)
