from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static


def favicon(request: HttpRequest) -> HttpResponse:
    """Where browsers ask for an icon, whatever a page says."""
    response = redirect(static("icons/parcel.svg"))
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response
