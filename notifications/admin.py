"""Staff read every mail as it was sent, see what became of it, and say which addresses get none."""

from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.models import Attempt, Message, MessageEvent, Suppression
from orders.admin.base import BackordersAdmin, ModelAdmin, ReadOnlyAdmin, Table, link
from orders.admin.history import event_words
from orders.admin.orders import OrderAdmin
from orders.models import Event, Order

# A mail brings its styles in its elements, as mail readers need it; it loads and runs nothing.
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
BODY = ("text", "html", "headers")
BODY_OF_MESSAGE = tuple(f"message__{field}" for field in BODY)


def messages_of_order(order: Order) -> Table:
    return Table(
        title=_("Mails"),
        model=Message,
        columns=[_("Written"), _("Subject"), _("To"), _("State"), _("Sent")],
        rows=[
            [
                row.created_at,
                link(row, row.subject or row.get_kind_display()),
                row.recipient,
                row.get_state_display(),
                row.sent_at,
            ]
            for row in order.messages.defer(*BODY).order_by("-id")
        ],
    )


OrderAdmin.tables = [*OrderAdmin.tables, messages_of_order]


def events_of_message(message: Message) -> Table:
    covered = message.covered.select_related("event__order", "event__line__product").order_by("-event__at", "-event_id")
    return Table(
        title=_("What it covers"),
        model=Event,
        columns=[_("When"), _("What"), _("Product"), _("What the customer reads"), _("In the mail")],
        rows=[
            [
                row.event.at,
                link(row.event, row.event.get_kind_display()),
                row.event.line.product.sku if row.event.line else "",
                event_words(row.event),
                _("yes") if row.said else _("no: overtaken by newer ones"),
            ]
            for row in covered
        ],
    )


def attempts_of_message(message: Message) -> Table:
    return Table(
        title=_("Tries to send it"),
        model=Attempt,
        columns=[_("When"), _("How it ended"), _("How far it got"), _("The server's answer")],
        rows=[[row.at, row.get_outcome_display(), row.phase, row.detail] for row in message.log.all()],
    )


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "order_link", "subject_or_kind", "recipient", "state", "sent_at", "last_error"]
    list_select_related = ["order"]
    list_filter = ["state", "kind"]
    search_fields = ["=order__number", "=recipient"]
    search_help_text = gettext_lazy("An order number or a mail address")
    fieldsets = [
        (None, {"fields": ["order", "recipient", "subject", "state", "sent_at", "as_text", "as_html"]}),
        (
            gettext_lazy("Delivery"),
            {
                "fields": [
                    "kind",
                    "created_at",
                    "composed_at",
                    "frozen_at",
                    "next_attempt_at",
                    "expires_at",
                    "attempts",
                    "ambiguous_count",
                    "last_error",
                    "provider_id",
                    "message_id",
                    "thread_root",
                    "locale",
                    "headers",
                    "key",
                ]
            },
        ),
    ]
    tables = [events_of_message, attempts_of_message]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Lists do not read the bodies; a mail's page does, of one."""
        return super().get_queryset(request).defer(*BODY)

    def get_urls(self) -> list[URLPattern]:
        html = path("<int:pk>/html/", self.admin_site.admin_view(self.html_view), name="notifications_message_html")
        return [html, *super().get_urls()]

    @method_decorator(csp_update({"frame-src": [SELF]}))
    def change_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().change_view(*args, **kwargs)

    def html_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The HTML of a mail, byte for byte, for the frame on its page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        message = get_object_or_404(Message, pk=pk)
        headers = {"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
        return HttpResponse(message.html, headers=headers)

    @admin.display(description=gettext_lazy("Order"), ordering="order__number")
    def order_link(self, message: Message) -> SafeString:
        return link(message.order)

    @admin.display(description=gettext_lazy("Mail"))
    def subject_or_kind(self, message: Message) -> str:
        return message.subject or message.get_kind_display()

    @admin.display(description=gettext_lazy("Text"))
    def as_text(self, message: Message) -> SafeString | str:
        if not message.composed_at:
            return _("not written yet")
        return format_html('<pre class="mail-text">{}</pre>', message.text)

    @admin.display(description=gettext_lazy("HTML"))
    def as_html(self, message: Message) -> SafeString | str:
        if not message.html:
            return _("not written yet")
        url = reverse("admin:notifications_message_html", args=[message.pk])
        return format_html('<iframe class="mail-html" sandbox src="{}" title="{}"></iframe>', url, message.subject)


@admin.register(MessageEvent)
class MessageEventAdmin(ReadOnlyAdmin):
    list_display = ["message", "event", "said"]
    list_select_related = ["message__order", "event__order"]
    search_fields = ["=message__order__number"]
    search_help_text = gettext_lazy("An order number")
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer(*BODY_OF_MESSAGE)


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    list_display = ["at", "message", "outcome", "phase", "detail"]
    list_select_related = ["message__order"]
    list_filter = ["outcome"]
    search_fields = ["=message__order__number"]
    search_help_text = gettext_lazy("An order number")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer(*BODY_OF_MESSAGE)


@admin.register(Suppression)
class SuppressionAdmin(BackordersAdmin):
    list_display = ["address", "reason", "at"]
    search_fields = ["address"]
    fields = ["address", "reason"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """An address that works again is taken off the list."""
        return ModelAdmin.has_delete_permission(self, request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.at = timezone.now()
        super().save_model(request, obj, form, change)
