"""The demo's first page: a customer's order page beside their inbox, and buttons.

Everything is at this site's own address, also the emails: only so may a link in an email open in
the frame beside it, without a script.
"""

import os
import re

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import path, reverse
from django.utils.http import urlencode
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from backorders_site.demo import buttons, showing
from backorders_site.demo.mailbox import Mail, read
from backorders_site.demo.shop import ADMIN
from orders import access

EVERY = 3  # seconds between the page's questions
OTHER_NAME = ("//localhost", "//127.0.0.1")  # the same machine, and another origin to a browser
MAIL_POLICY = {
    "default-src": [NONE],
    "script-src": [NONE],
    "connect-src": [NONE],
    "font-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
    "frame-ancestors": [SELF],
    "base-uri": [NONE],
    "form-action": [NONE],
}


@csp_update({"frame-src": [SELF]})
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    stage = showing.opened(request)
    page = _own(access.order_url(stage["shown"].order))
    context = stage | {
        "page": f"{page}?{urlencode({'lang': stage['spoken']})}",
        "product": showing.lamp(),
        "shop": settings.SITE_URL.replace(*OTHER_NAME, 1) + reverse("demo-shop"),
        "inbox": os.environ.get("MAIL_INBOX_URL", ""),
        "admin": ADMIN,
        "every": EVERY,
    }
    return render(request, "demo/demo.html", context)


@require_GET
def now(request: HttpRequest) -> HttpResponse:
    """What the page asks for every few seconds."""
    return render(request, "demo/now.html", showing.stage(request))


@xframe_options_sameorigin
@csp_replace(MAIL_POLICY)  # type: ignore[arg-type]  # it is typed for views of a request alone
@require_GET
def mail(request: HttpRequest, mail_id: str) -> HttpResponse:
    """An email as its reader sees it, or its text. Nothing in it runs. Its links to this site open
    in the frame of the order page."""
    mailbox = showing.mailbox()
    found = mailbox.find(mail_id) if mailbox else None
    if found is None:
        raise Http404
    kept = read(found)
    if "text" in request.GET or not kept.html:
        return HttpResponse(kept.text, "text/plain; charset=utf-8")
    return HttpResponse(_with_links_in_the_frame(kept))


def _with_links_in_the_frame(kept: Mail) -> str:
    ours = re.compile(rf'href="{re.escape(settings.SITE_URL)}(?=/)')
    return '<base target="_blank">' + ours.sub('target="order-page" href="', kept.html)


@csp_update({"script-src": [settings.SITE_URL], "frame-src": [settings.SITE_URL]})
@require_GET
def shop(request: HttpRequest) -> HttpResponse:
    """A product page of a shop that looks like somebody else's, at another origin where this
    machine has two names."""
    script = f"{settings.SITE_URL}{static('js/embed.js')}"
    return render(
        request,
        "demo/shop.html",
        {"product": showing.lamp(), "site": settings.SITE_URL, "script": script},
    )


def _own(url: str) -> str:
    return url.removeprefix(settings.SITE_URL)


urlpatterns = [
    path("", start, name="demo"),
    path("now/", now, name="demo-now"),
    path("mail/<str:mail_id>/", mail, name="demo-mail"),
    path("shop/", shop, name="demo-shop"),
    path("slip/", buttons.slip, name="demo-slip"),
    path("arrive/", buttons.arrive, name="demo-arrive"),
    path("write/", buttons.write, name="demo-write"),
    path("ship/", buttons.ship, name="demo-ship"),
    path("kill-worker/", buttons.kill_worker, name="demo-kill-worker"),
    path("start-over/", buttons.start_over, name="demo-start-over"),
]
