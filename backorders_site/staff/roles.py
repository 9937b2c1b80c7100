"""What migrations give the roles of the staff: Warehouse, Support and Manager."""

from collections.abc import Iterable

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Permission
from django.db.models import QuerySet

APPS = ("auth", "orders", "notifications")


def grant(apps: Apps, role: str, names: str) -> None:
    """`names` as has_perm takes them, between blanks. A migration that brings a permission gives it
    to its roles by this."""
    permissions = _permissions(apps).select_related("content_type")
    by_name = {f"{row.content_type.app_label}.{row.codename}": row for row in permissions}
    _add(apps, role, [by_name[name] for name in names.split()])


def grant_all(apps: Apps, role: str, *labels: str) -> None:
    """Everything there is at this migration of the apps named."""
    _add(apps, role, _permissions(apps).filter(content_type__app_label__in=labels))


def _permissions(apps: Apps) -> QuerySet[Permission]:
    """Django makes them once all migrations are done, which is too late for us."""
    for label in APPS:
        config = apps.get_app_config(label)
        config.models_module = True  # type: ignore[assignment]
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = None
    return apps.get_model("auth", "Permission").objects.all()


def _add(apps: Apps, role: str, permissions: Iterable[Permission]) -> None:
    group, _created = apps.get_model("auth", "Group").objects.get_or_create(name=role)
    group.permissions.add(*permissions)
