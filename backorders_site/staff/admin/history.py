"""What was forecast, promised and told, and what ran. Services write it; here it is only read."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib import admin
from django.db.models import Exists, F, Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders_site.staff.admin.base import ConditionFilter, ReadOnlyAdmin
from backorders_site.staff.words import SILENCE_WORDS, Text
from orders.domain.delay_rules import Case, Jurisdiction, Sentence, Silence
from orders.models import (
    TO_COME,
    TOLD,
    Answer,
    DelayNotice,
    Event,
    Forecast,
    Import,
    Order,
    Promise,
    QueueChange,
    Release,
    Run,
)
from orders.words import language_for, sentence, window_sentence


def event_words(event: Event) -> str:
    """As the customer reads it, in the order's language: staff can compare it with what they are
    asked about."""
    return _quoted(sentence(event, locale=event.order.locale), event.order)


def promise_words(promise: Promise | None, order: Order) -> str:
    return _quoted(window_sentence(promise, locale=order.locale), order) if promise else ""


def told(row: Promise | Event) -> datetime | str | None:
    return _("bounced") if row.returned_at else row.told_at


def _quoted(words: str, order: Order) -> str:
    return format_html('<bdi lang="{}">{}</bdi>', language_for(order.locale), words)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "Everything customers can read about their orders. The same words are on their order page "
        "and in their emails."
    )
    list_display = [
        "at",
        "order",
        "kind",
        "words",
        "actor",
        "message_due",
        "told_at",
        "returned_at",
    ]
    list_select_related = ["order", "line__product", "restock_note"]
    list_filter = ["kind", "message_due"]
    search_fields = ["=order__number"]
    search_help_text = gettext_lazy("Enter an order number.")
    fields = [
        "order",
        "line",
        "kind",
        "words",
        "at",
        "actor",
        "message_due",
        "told_at",
        "returned_at",
        "promise",
        "facts",
    ]
    ordering = ["-id"]

    @admin.display(description=gettext_lazy("What the customer reads"))
    def words(self, event: Event) -> str:
        return event_words(event)


@admin.register(Promise)
class PromiseAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "Every window ever published to a customer. The newest one of each line counts."
    )
    list_display = ["published_at", "line", "words", "place", "told_at"]
    list_select_related = ["line__order", "line__product"]
    list_filter = ["kind"]
    search_fields = ["=line__order__number"]
    search_help_text = gettext_lazy("Enter an order number.")

    @admin.display(description=gettext_lazy("What was promised"))
    def words(self, promise: Promise) -> str:
        return promise_words(promise, promise.line.order)


class Notified(ConditionFilter):
    title = gettext_lazy("notified")
    parameter_name = "notified"

    @classmethod
    def conditions(cls) -> dict[str, tuple[Text, Q | Exists]]:
        still = TO_COME & Q(outcome="")
        return {
            "no": (
                _("Not notified: the email bounced or couldn't be sent"),
                still & Q(not_told_at__isnull=False),
            ),
            "late": (_("Told too late to count"), still & Q(adequate=False)),
        }


class NoticeState(ConditionFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    @classmethod
    def conditions(cls) -> dict[str, tuple[Text, Q | Exists]]:
        told = TOLD & Q(outcome="")
        # Told too late, silence does nothing, and it cancels nothing that is set aside.
        must = Q(silence=Silence.CANCEL, line__waiting__gt=0) & ~Q(adequate=False)
        # About reserved units, only the newest promise still asks anything.
        asks = Q(line__waiting__gt=0) | Q(promise=F("line__promise"))
        may = asks & Q(sentences__contains=[Sentence.CHOICE])
        return {
            "must": (_("Must be answered: silence cancels"), told & must),
            "may": (_("May be answered"), told & TO_COME & may & ~must),
        }


def _coded(field: str, title: Text, codes: Mapping[str, Text]) -> type[ConditionFilter]:
    """A filter by the codes that a field can hold. Only a query of every row would know which it
    does hold."""

    class Coded(ConditionFilter):
        parameter_name = field

        @classmethod
        def conditions(cls) -> dict[str, tuple[Text, Q | Exists]]:
            return {code: (words, Q(**{field: code})) for code, words in codes.items()}

    Coded.title = title
    return Coded


CODES = (
    _coded("case", gettext_lazy("case"), {case: case for case in Case}),
    _coded("jurisdiction", gettext_lazy("jurisdiction"), {rules: rules for rules in Jurisdiction}),
    _coded("silence", gettext_lazy("silence"), SILENCE_WORDS),
)


@admin.register(DelayNotice)
class DelayNoticeAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "Delays that the law of the customer's country requires us to announce. An answer is "
        "required only where silence cancels. If a customer answers by phone, enter it on their "
        "order's page."
    )
    list_display = ["what", "order", "rules", "answer_by", "if_silent", "told", "outcome"]
    list_select_related = ["line__order", "line__product"]
    list_filter = [NoticeState, Notified, "outcome", *CODES, "adequate", "cancels_now"]
    search_fields = ["=line__order__number"]
    search_help_text = gettext_lazy("Enter an order number.")
    ordering = ["-id"]

    @admin.display(description=gettext_lazy("Line"))
    def what(self, notice: DelayNotice) -> str:
        return f"{notice.line.quantity} × {notice.line.product.sku}"

    @admin.display(description=gettext_lazy("Order"), ordering="line__order__number")
    def order(self, notice: DelayNotice) -> SafeString:
        """Its page at the desk: there an answer is entered."""
        number = notice.line.order.number
        return format_html('<a href="{}">{}</a>', reverse("desk:order", args=[number]), number)

    @admin.display(description=gettext_lazy("Rules"), ordering="jurisdiction")
    def rules(self, notice: DelayNotice) -> str:
        return _("%(rules)s, case %(case)s") % {"rules": notice.jurisdiction, "case": notice.case}

    @admin.display(description=gettext_lazy("Told"), ordering="told_at")
    def told(self, notice: DelayNotice) -> str:
        if notice.not_told_at:
            return _("bounced on %(day)s") % {"day": date_format(localtime(notice.not_told_at))}
        if notice.told_at is None:
            return _("not yet")
        late = _(", too late to count") if notice.adequate is False else ""
        return f"{date_format(localtime(notice.told_at))}{late}"

    @admin.display(description=gettext_lazy("Silence"), ordering="silence")
    def if_silent(self, notice: DelayNotice) -> Text:
        return SILENCE_WORDS.get(notice.silence, "")


@admin.register(Answer)
class AnswerAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "What customers chose when we asked them, on their order page or through staff."
    )
    list_display = ["at", "line", "choice", "units", "channel", "actor"]
    list_select_related = ["line__order", "line__product"]
    list_filter = ["choice", "channel"]
    search_fields = ["=line__order__number"]
    search_help_text = gettext_lazy("Enter an order number.")
    ordering = ["-id"]


@admin.register(Forecast)
class ForecastAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "What each review computed for a product, from its restocks and its suppliers' record. "
        "Promises are based on these."
    )
    list_display = ["product", "made_on", "made_at"]
    list_select_related = ["product"]
    search_fields = ["=product__sku"]
    search_help_text = gettext_lazy("Enter a SKU.")


@admin.register(QueueChange)
class QueueChangeAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "Why places in a queue changed, other than by units arriving. Customers see the reason "
        "without names."
    )
    list_display = ["at", "product", "reason", "why", "step", "lines", "units", "note", "actor"]
    list_select_related = ["product"]
    list_filter = ["reason"]
    search_fields = ["=product__sku"]
    search_help_text = gettext_lazy("Enter a SKU.")


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "The daily jobs, each run once a day. A missed day is made up automatically."
    )
    list_display = ["job", "day", "finished_at"]
    list_filter = ["job"]
    ordering = ["-id"]


@admin.register(Import)
class ImportAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "Imported files and their results. To import a file, choose “Import” on the first page."
    )
    list_display = ["started_at", "command", "file_name", "counts", "finished_at"]
    list_filter = ["command"]
    search_fields = ["file_name"]


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "Releases of unreleased orders, at a set number per hour. Start one on the page “Go live”."
    )
    list_display = ["started_at", "per_hour", "actor"]
