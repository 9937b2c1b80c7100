from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from orders import access


@require_GET
def order(request: HttpRequest, token: str) -> HttpResponse:
    row, _ = access.open_order(token)
    return HttpResponse(row.number)
