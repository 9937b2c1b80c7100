"""What the shop writes to all who wait for a delivery, and taking it from their pages."""

import hashlib
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext

from orders.domain.pictures import Picture
from orders.models import Event, NotePicture, OrderLine, Restock, RestockNote
from orders.models.restock_notes import MAX_NOTE
from orders.services.refusal import Refused
from orders.sql_files import sql

TELL = sql(__file__, "restock_note")


def waiting_for(restock: Restock) -> int:
    """How many lines have the promise that this delivery brings what they wait for."""
    return OrderLine.objects.filter(
        product=restock.product_id, waiting__gt=0, promise__reference=restock.reference
    ).count()


@transaction.atomic
def write_to_waiting(
    restock: Restock, text: str, *, now: datetime, actor: str, picture: Picture | None = None
) -> RestockNote:
    """On the page of everyone who waits for the delivery at once, and of everyone who does later;
    by email once to those who do now."""
    text = " ".join(text.split())
    if not text:
        raise Refused(gettext("enter the message"))
    if len(text) > MAX_NOTE:
        raise Refused(
            gettext("%(n)s characters are too many: write at most %(most)s")
            % {"n": len(text), "most": MAX_NOTE}
        )
    note = RestockNote(restock=restock, text=text, at=now, actor=actor)
    if picture:
        digest = hashlib.blake2s(picture.content, digest_size=16).hexdigest()
        note.picture_name = f"{digest}.{picture.kind}"
        note.width, note.height = picture.width, picture.height
    note.save()
    if picture:
        NotePicture.objects.create(note=note, content=picture.content)
    with connection.cursor() as cursor:
        cursor.execute(
            TELL,
            {
                "note": note.pk,
                "product": restock.product_id,
                "reference": restock.reference,
                "now": now,
                "actor": actor,
            },
        )
        note.lines = cursor.rowcount
    note.save(update_fields=["lines"])
    return note


@transaction.atomic
def hide_note(note: RestockNote, *, now: datetime, actor: str) -> None:
    """It was a mistake: no page shows it any more, and it is not emailed to those whose email has
    not gone out. What was read stays read: another note corrects it."""
    hidden = RestockNote.objects.filter(pk=note.pk, hidden_at=None)
    if not hidden.update(hidden_at=now, hidden_by=actor):
        raise Refused(gettext("this is already hidden"))
    Event.objects.filter(restock_note=note, message_due=True).update(message_due=False)
