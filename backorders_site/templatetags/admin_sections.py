"""The models of the admin by how often staff need them, instead of by app."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

register = template.Library()

DAILY = (
    "orders.Restock",
    "orders.Order",
    "orders.OrderLine",
    "orders.Receipt",
    "orders.Shipment",
    "orders.ShopChange",
    "orders.ShopTask",
    "orders.Refund",
    "notifications.Message",
)
SET_UP = (
    "orders.Product",
    "orders.StatedTime",
    "orders.Supplier",
    "notifications.Suppression",
    "auth.User",
    "auth.Group",
)


@register.filter
def by_use(app_list: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Django's `app_list` as sections {name, models}; what neither list above names is history."""
    models = {
        model["model"]._meta.label: {
            **model,
            "id": model["model"]._meta.label_lower.replace(".", "-"),
        }
        for app in app_list
        for model in app["models"]
    }
    history = sorted(
        models.keys() - {*DAILY, *SET_UP}, key=lambda label: str(models[label]["name"])
    )
    sections = [(_("Daily work"), DAILY), (_("Set-up"), SET_UP), (_("History"), history)]
    return [
        {"name": name, "models": shown}
        for name, labels in sections
        if (shown := [models[label] for label in labels if label in models])
    ]
