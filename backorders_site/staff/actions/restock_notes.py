"""Write to those who wait for a delivery, and hide what was a mistake."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders_site.staff.actions.base import Action
from orders import services
from orders.domain.pictures import MAX_BYTES, BadPicture, picture
from orders.models import Restock, RestockNote
from orders.models.restock_notes import MAX_NOTE


class WriteToWaiting(Action):
    name = "write"
    permission = "orders.move_restock"
    label = gettext_lazy("Write to customers waiting")
    explanation = gettext_lazy(
        "Everyone waiting for this restock sees it on their order page at once and gets one "
        "email. Write as you would to one of them, such as: The ship left Ningbo on Monday. You "
        "can't change it later; write again to correct it, or hide it."
    )
    impossible = gettext_lazy("No more units are expected from this restock.")

    text = forms.CharField(
        label=gettext_lazy("Message"),
        max_length=MAX_NOTE,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy(
            "In your own words. It isn't translated, and links in it don't work."
        ),
    )
    picture = forms.FileField(
        label=gettext_lazy("Picture"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=gettext_lazy(
            "PNG, JPEG or WebP, up to 1 MB. We remove where and when it was taken."
        ),
    )

    @classmethod
    def offered(cls, row: Restock) -> bool:
        return row.open_units > 0

    def subjects(self) -> list[str]:
        return [f"{row}: {_waiting(services.waiting_for(row))}" for row in self.rows]

    def rests_on(self, row: Restock) -> Sequence[object]:
        return [row.arrived, row.cancelled_at, row.notes.count()]

    def clean_picture(self) -> Any:
        upload = self.cleaned_data["picture"]
        if upload is None:
            return None
        if upload.size > MAX_BYTES:
            raise forms.ValidationError(_("This picture is larger than 1 MB. Make it smaller."))
        try:
            return picture(upload.read())
        except BadPicture as error:
            raise forms.ValidationError(f"{capfirst(_('this file'))} {error}.") from None

    def perform(self, row: Restock, *, now: datetime, actor: str) -> str:
        note = services.write_to_waiting(row, **self.cleaned_data, now=now, actor=actor)
        return f"{row}: {_waiting(note.lines)}"


def _waiting(lines: int) -> str:
    return ngettext("%(n)d waiting customer sees it.", "%(n)d waiting customers see it.", lines) % {
        "n": lines
    }


class HideNote(Action):
    name = "hide"
    permission = "orders.move_restock"
    label = gettext_lazy("Hide")
    explanation = gettext_lazy(
        "It disappears from every order page and from emails not sent yet. Customers may already "
        "have read it: write again to correct it."
    )
    impossible = gettext_lazy("This is already hidden.")
    dangerous = True

    @classmethod
    def offered(cls, row: RestockNote) -> bool:
        return row.shown

    def rests_on(self, row: RestockNote) -> Sequence[object]:
        return [row.hidden_at]

    def perform(self, row: RestockNote, *, now: datetime, actor: str) -> str:
        services.hide_note(row, now=now, actor=actor)
        return _("The message is hidden.")
