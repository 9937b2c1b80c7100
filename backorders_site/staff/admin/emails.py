"""Emails as they were sent and what became of them; the addresses that get none."""

from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders_site.staff.actions.emails import CameBack, CountAsSent, SendAgain, Withdraw
from backorders_site.staff.admin.base import (
    BackordersAdmin,
    ConditionFilter,
    ModelAdmin,
    ReadOnlyAdmin,
    RecordTable,
    link,
    moment,
)
from backorders_site.staff.admin.history import event_words
from backorders_site.staff.finding import with_number
from backorders_site.staff.words import Text
from notifications.models import (
    Attempt,
    Message,
    MessageEvent,
    MessageState,
    ProviderReport,
    Suppression,
)
from notifications.outbox.restored import RESTORED
from orders.access import without_tokens
from orders.models import Event, Order

# An email has its styles in its elements, as mail programs need it. It loads and runs nothing.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
)
BODY = ("text", "html", "headers")
BODY_OF_MESSAGE = tuple(f"message__{field}" for field in BODY)


def framed_mail(html: str) -> HttpResponse:
    """An email's HTML for a frame on a page of ours."""
    return HttpResponse(
        html, headers={"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    )


def messages_of_order(order: Order) -> RecordTable:
    return RecordTable(
        title=_("Emails"),
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


def events_of_message(message: Message) -> RecordTable:
    covered = message.covered.select_related("event__order", "event__line__product").order_by(
        "-event__at", "-event_id"
    )
    return RecordTable(
        title=_("What it covers"),
        model=Event,
        columns=[
            _("When"),
            _("What"),
            _("Product"),
            _("What the customer reads"),
            _("In the email"),
        ],
        rows=[
            [
                row.event.at,
                link(row.event, row.event.get_kind_display()),
                row.event.line.product.sku if row.event.line else "",
                event_words(row.event),
                said_words(row, message),
            ]
            for row in covered
        ],
    )


def unwritten(message: Message) -> str:
    """What is shown if an email has no words."""
    return _("its text is no longer kept") if message.frozen_at else _("not written yet")


def said_words(row: MessageEvent, message: Message) -> str:
    if not message.text:
        return unwritten(message)
    return _("yes") if row.said else _("no, newer news replaced it")


def attempts_of_message(message: Message) -> RecordTable:
    return RecordTable(
        title=_("Attempts to send"),
        model=Attempt,
        columns=[_("When"), _("How it ended"), _("Got as far as"), _("The server's answer")],
        rows=[
            [row.at, row.get_outcome_display(), row.phase, row.detail] for row in message.log.all()
        ],
    )


def reports_of_message(message: Message) -> RecordTable:
    known = Q(message_id=message.message_id) | (
        Q(provider_id=message.provider_id) & ~Q(provider_id="")
    )
    return RecordTable(
        title=_("Provider reports"),
        model=ProviderReport,
        columns=[_("When"), _("What"), _("Provider's text"), _("Acted on")],
        rows=[
            [row.received_at, row.get_kind_display(), row.detail, row.handled_at]
            for row in ProviderReport.objects.filter(known)
        ],
    )


def _stuck() -> Q:
    """Emails that somebody has to decide on or look into. One that told nobody is settled once a
    newer one has been written, or its order has got another address."""
    newer = Message.objects.filter(order=OuterRef("order"), pk__gt=OuterRef("pk"))
    elsewhere = Q(order__unreachable_at=None) & ~Q(order__email=F("recipient"))
    told_nobody = Q(state__in=[MessageState.BOUNCED, MessageState.FAILED, MessageState.SUPPRESSED])
    return Q(state=MessageState.NEEDS_REVIEW) | (told_nobody & ~Exists(newer) & ~elsewhere)


class ForStaff(ConditionFilter):
    title = gettext_lazy("state")
    parameter_name = "with"

    @classmethod
    def conditions(cls) -> dict[str, tuple[Text, Q | Exists]]:
        return {
            "staff": (_("For staff: failed or bounced"), _stuck()),
            "restored": (
                _("Waited in a restored backup: maybe sent since"),
                Q(state=MessageState.NEEDS_REVIEW, last_error=RESTORED),
            ),
            "outbox": (_("In the outbox: waiting to be sent"), Q(state=MessageState.QUEUED)),
        }


class EmailAnswered(ConditionFilter):
    title = gettext_lazy("the mail server's answer")
    parameter_name = "ambiguous"

    @classmethod
    def conditions(cls) -> dict[str, tuple[Text, Q | Exists]]:
        return {
            "yes": (_("Missing at least once, so it may have been sent"), Q(ambiguous_count__gt=0)),
            "no": (_("Never missing"), Q(ambiguous_count=0)),
        }


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "Every email to customers, word for word, except the secret part of its links. Open one "
        "that failed or bounced to see why and what you can do."
    )
    list_display = [
        "created_at",
        "order_link",
        "subject_or_kind",
        "recipient",
        "state",
        "sent_at",
        "last_error",
    ]
    list_filter = [ForStaff, "state", "kind", EmailAnswered]
    search_fields = ["=order__number", "=recipient"]
    search_help_text = gettext_lazy(
        "Enter a whole order number, email address or Message-ID. Subjects aren't searched."
    )
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "order",
                    "recipient",
                    "subject",
                    "state",
                    "sent_at",
                    "written",
                    "as_text",
                    "as_html",
                ]
            },
        ),
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
                    "decided_by",
                    "decided_why",
                    "provider_id",
                    "delivered_at",
                    "message_id",
                    "thread_root",
                    "locale",
                    "as_headers",
                    "key",
                ]
            },
        ),
    ]
    acts = [SendAgain, CountAsSent, Withdraw, CameBack]
    tables = [events_of_message, attempts_of_message, reports_of_message]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """Lists do not read the bodies. An email's page reads its own."""
        return super().get_queryset(request).select_related("order").defer(*BODY)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        """Each through its index. A Message-ID is found with and without its brackets."""
        term = search_term.replace("\0", "").strip()
        if not term:
            return queryset, False
        orders = [*with_number(term).values_list("pk", flat=True)]
        its_id = f"<{term.strip(' <>')}>"
        return queryset.filter(
            Q(order__in=orders) | Q(recipient__iexact=term) | Q(message_id=its_id)
        ), False

    def get_urls(self) -> list[URLPattern]:
        html = path(
            "<int:pk>/html/",
            self.admin_site.admin_view(self.html_view),
            name="notifications_message_html",
        )
        return [html, *super().get_urls()]

    @method_decorator(csp_update({"frame-src": [SELF]}))
    def change_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().change_view(*args, **kwargs)

    def html_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The HTML of an email for the frame on its page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return framed_mail(without_tokens(get_object_or_404(Message, pk=pk).html))

    @admin.display(description=gettext_lazy("Order"), ordering="order__number")
    def order_link(self, message: Message) -> SafeString:
        return link(message.order)

    @admin.display(description=gettext_lazy("Email"))
    def subject_or_kind(self, message: Message) -> str:
        return message.subject or message.get_kind_display()

    @admin.display(description=gettext_lazy("Written"))
    def written(self, message: Message) -> str:
        if message.frozen_at and message.text:
            return _("as handed to the mail server on %(day)s") % {"day": moment(message.frozen_at)}
        if message.text:
            return _("preview only, never handed to the mail server")
        return unwritten(message)

    @admin.display(description=gettext_lazy("Headers"))
    def as_headers(self, message: Message) -> SafeString | str:
        shown = [(name, without_tokens(value)) for name, value in sorted(message.headers.items())]
        lines = format_html_join("\n", "{}: {}", shown)
        return (
            format_html('<pre class="mail-text">{}</pre>', lines) if lines else unwritten(message)
        )

    @admin.display(description=gettext_lazy("Text"))
    def as_text(self, message: Message) -> SafeString | str:
        if not message.text:
            return unwritten(message)
        return format_html('<pre class="mail-text">{}</pre>', without_tokens(message.text))

    @admin.display(description=gettext_lazy("HTML"))
    def as_html(self, message: Message) -> SafeString | str:
        if not message.html:
            return unwritten(message)
        url = reverse("admin:notifications_message_html", args=[message.pk])
        return format_html(
            '<iframe class="mail-html" sandbox src="{}" title="{}"></iframe>', url, message.subject
        )


@admin.register(MessageEvent)
class MessageEventAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "Which events each email covers, and whether they were still news when it was written."
    )
    list_display = ["message", "event", "said"]
    list_select_related = ["message__order", "event__order"]
    search_fields = ["=message__order__number"]
    search_help_text = gettext_lazy("Enter an order number.")
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer(*BODY_OF_MESSAGE)


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "Every attempt to hand an email to the mail server, with the server's answer."
    )
    list_display = ["at", "message", "outcome", "phase", "detail"]
    list_select_related = ["message__order"]
    list_filter = ["outcome"]
    search_fields = ["=message__order__number"]
    search_help_text = gettext_lazy("Enter an order number.")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer(*BODY_OF_MESSAGE)


@admin.register(ProviderReport)
class ProviderReportAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "What the email provider reported: delivered, bounced, marked as spam."
    )
    list_display = ["received_at", "kind", "recipient", "for_good", "detail", "handled_at"]
    list_filter = ["kind"]
    search_fields = ["=recipient", "=message_id"]
    search_help_text = gettext_lazy("Enter an email address or a Message-ID.")


@admin.register(Suppression)
class SuppressionAdmin(BackordersAdmin):
    explanation = gettext_lazy(
        "Addresses we no longer email, because emails bounced or were marked as spam. Delete one "
        "once it works again."
    )
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
