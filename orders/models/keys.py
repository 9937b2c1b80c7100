"""Keys as columns: what a form refuses, and what the database refuses."""

from django.core.exceptions import ValidationError
from django.db.models import CheckConstraint, Q

from orders.domain import keys

CONTROLS = "[\\u0001-\\u001f\\u007f-\\u009f\\u2028\\u2029]"  # as PostgreSQL reads it


def is_key(value: str) -> None:
    try:
        keys.key(value, most=max(len(value), 1))  # the column has its own limit
    except keys.BadKey as error:
        raise ValidationError(f"This {error}.") from None


def on_one_line(field: str, name: str) -> CheckConstraint:
    return CheckConstraint(condition=~Q(**{f"{field}__regex": CONTROLS}), name=name)
