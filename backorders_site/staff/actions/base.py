"""What staff do: a page asks what the service has to know, then calls the service."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import connection, transaction
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders_site.staff.words import Text
from orders.services import Refused


class DayInput(forms.DateInput):
    """The browser's own picker: nothing to load, and good on a phone."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class TimeInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class ChooseRow(AutocompleteSelect):
    """A row of another model, found by typing. A screen reader reads the words in it as its name. A
    value that is not a key chooses nothing, instead of ending in an error."""

    def __init__(self, field: Any) -> None:
        super().__init__(field, admin.site)

    def build_attrs(
        self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        return super().build_attrs(base_attrs, extra_attrs) | {
            "data-placeholder": gettext_lazy("Type to find one")
        }

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(
            name, [key for key in value if re.fullmatch("[0-9]{1,18}", str(key))], attr
        )


class StaffReason(forms.CharField):
    """Why, in staff's own words; it stays on the row."""

    def __init__(self) -> None:
        super().__init__(
            max_length=200,
            label=gettext_lazy("Reason"),
            help_text=gettext_lazy("Only staff see this."),
        )


class Confirmed(forms.Form):
    """A form whose consequences may be shown before it is done."""

    label: ClassVar[Text]
    permission: ClassVar[str]  # of the people who may do it, as has_perm takes it
    dangerous: ClassVar[bool] = False
    rehearsed: ClassVar[bool] = False  # what it would do to customers is shown before it is done
    weight: ClassVar[int] = 1  # of a line in it, in lines whose promises are only compared

    def products(self) -> list[int]:
        """Whose queues it reaches, by id."""
        raise NotImplementedError

    def meant(self) -> str:
        """What the form says: shown with what it would do, so that nothing else is done after that.
        Of a valid form."""
        return hash_of(sorted((name, str(value)) for name, value in self.cleaned_data.items()))


class NewRow(Confirmed):
    """The form that adds a row by a service."""

    label = gettext_lazy("Add")

    def create(self, *, now: datetime, actor: str) -> Model:
        """May raise Refused."""
        raise NotImplementedError


class Action(Confirmed):
    """Something done to rows of one model through a service. Each row is done in a transaction of
    its own.

    The page carries what it showed of every row (`seen`): a form sent twice, or from a page that is
    out of date, is refused instead of done again.
    """

    name: ClassVar[str]  # in its URL
    explanation: ClassVar[Text] = ""
    several: ClassVar[bool] = False  # offered for rows chosen in a list, too
    impossible: ClassVar[Text] = gettext_lazy("There is nothing to do here right now.")

    def __init__(self, rows: Sequence[Any], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.rows = rows

    @classmethod
    def offered(cls, row: Any) -> bool:
        """Whether the row is in a state to which this can be done."""
        return True

    def subjects(self) -> list[str]:
        """The rows, as the page names them."""
        return [str(row) for row in self.rows]

    def rests_on(self, row: Any) -> Sequence[object]:
        """What of a row the action relies on."""
        raise NotImplementedError

    def products(self) -> list[int]:
        return sorted({row.product_id for row in self.rows})

    def perform(self, row: Any, *, now: datetime, actor: str) -> str:
        """Do it to one row and say in a sentence what was done. May raise Refused."""
        raise NotImplementedError

    def finish(self, row: Any, *, now: datetime) -> None:
        """What a task does of it once it is confirmed: done at once where it is only tried."""

    def after(self) -> str:
        """Where to continue once it is done; empty: back to the row."""
        return ""

    def seen(self) -> list[str]:
        return [f"{row.pk}:{self._fingerprint(row)}" for row in self.rows]

    def perform_once(self, row: Any, seen: Sequence[str], *, now: datetime, actor: str) -> str:
        """perform, unless the row has changed since the page in `seen` was made."""
        with transaction.atomic():
            _one_at_a_time(row)
            row = type(row)._default_manager.get(pk=row.pk)
            if f"{row.pk}:{self._fingerprint(row)}" not in seen:
                raise Refused(
                    _("%(row)s has changed since you opened this page. Check how it stands now.")
                    % {"row": row}
                )
            return self.perform(row, now=now, actor=actor)

    def _fingerprint(self, row: Any) -> str:
        return hash_of(self.rests_on(row))


def hash_of(values: Sequence[object]) -> str:
    return hashlib.sha256(repr(list(values)).encode()).hexdigest()[:16]


def _one_at_a_time(row: Model) -> None:
    """Two clicks on one button are done one after the other. Only actions take this lock, and they
    take it first, so it cannot form a circle with the locks of services."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext(%s), %s)", [row._meta.label, row.pk % 2**31]
        )
