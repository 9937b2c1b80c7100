"""The picture of a note to those who wait for a delivery."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from orders.models import NotePicture

A_DAY = "public, max-age=86400"  # and no longer: a note may be hidden


@require_safe
def note_picture(request: HttpRequest, name: str) -> HttpResponse:
    """By its content, which nobody can guess who has not seen it."""
    if "\0" in name:  # PostgreSQL refuses it in any text
        raise Http404("no such picture")
    found = NotePicture.objects.filter(note__picture_name=name, note__hidden_at=None)
    content = found.values_list("content", flat=True).first()
    if content is None:
        raise Http404("no such picture")
    kind = name.rpartition(".")[2]
    return HttpResponse(
        bytes(content), content_type=f"image/{kind}", headers={"Cache-Control": A_DAY}
    )
