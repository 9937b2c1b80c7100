"""The HTML of an example email, for the frame in which it is shown."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from backorders_site.staff.admin.emails import framed_mail
from backorders_site.staff.example_emails import html_of
from backorders_site.staff.pages.base import staff_page


@staff_page("orders.view_order")
@require_GET
def example(request: HttpRequest, name: str) -> HttpResponse:
    html = html_of(name)
    if html is None:
        raise Http404("this example has expired: preview the action again")
    return framed_mail(html)
