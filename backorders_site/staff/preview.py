"""What an action would do to customers: it is done, reviewed and read within one transaction that
is rolled back at its end."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Max, Q, QuerySet, Sum
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backorders_site.staff.example_emails import Example, Sort, examples
from backorders_site.staff.words import Text
from notifications.compose.news import CHIEF_FIRST
from notifications.may_send import CANNOT_BE_REACHED, STILL_HOLDS, Topic, has_turned_off
from notifications.reach import goes_to_all
from orders import services
from orders.domain.delay_rules import REGIONAL_COUNTRIES, Jurisdiction, Sentence
from orders.imports.run import ImportRun
from orders.law import law_of
from orders.models import IS_TOLD, Event, EventKind, Forecast, Import, Order, Product, Refund
from orders.services.forecasts import make_forecasts
from orders.services.promises import WHOLE_QUEUES, newest_forecasts
from orders.sql_files import sql
from orders.words import language_for, sentence

EXAMPLES = 12  # sorts of email
SHOWN = 20  # of those who hear of it, and of the refunds


@dataclass(frozen=True, slots=True)
class Reached:
    """What an order's customer would read."""

    order: Order
    kind: Text
    words: str
    language: str


@dataclass(frozen=True, slots=True)
class Consequences:
    """Orders, each in one group. `quiet`: the day behind their promise moves inside the window they
    were told. All others hear of it: `mailed`; `asked`, by the law that wants them asked;
    `turned_off`: they want no email of good news and read it on the page; `unreachable`;
    `unreleased`: they came with a first import that was not released. `moves`: only windows move;
    `kinds`: orders by the kind of event; `no_longer_owed`: units whose refund need not be sent any
    more; `more_examples`: sorts of email besides those shown."""

    quiet: int
    mailed: int
    asked: Mapping[str, int]
    turned_off: int
    unreachable: int
    unreleased: int
    moves: bool
    kinds: Sequence[tuple[Text, int]]
    reached: Sequence[Reached]
    refunds: int
    refunds_by: date | None
    no_longer_owed: int
    owed: Sequence[Refund]
    examples: Sequence[Example]
    more_examples: int

    @property
    def heard(self) -> int:
        asked = sum(self.asked.values())
        return self.mailed + asked + self.turned_off + self.unreachable + self.unreleased

    @property
    def first_words(self) -> str:
        total = self.quiet + self.heard
        if not total:
            return _("No promises change and no one is notified.")
        if self.moves:
            return ngettext("Changes %(n)s promise:", "Changes %(n)s promises:", total) % {
                "n": _number(total)
            }
        if self.quiet:
            return ngettext("Affects %(n)s order:", "Affects %(n)s orders:", total) % {
                "n": _number(total)
            }
        return ngettext("%(n)s order is affected:", "%(n)s orders are affected:", total) % {
            "n": _number(total)
        }

    @property
    def groups(self) -> list[str]:
        """Those of the groups in which there is somebody, in words."""
        asked = sum(self.asked.values())
        laws = ", ".join(f"{_number(units)} {law}" for law, units in self.asked.items())
        words = [
            (self.quiet, ngettext("%(n)s stays within its window and gets no email",
                                  "%(n)s stay within their window and get no email", self.quiet)),
            (self.mailed, ngettext("%(n)s gets an email", "%(n)s get an email", self.mailed)),
            (asked, ngettext("%(n)s must be asked", "%(n)s must be asked", asked) + f" ({laws})"),
            (self.turned_off, ngettext("%(n)s has turned these emails off and sees it only on the "
                                       "order page",
                                       "%(n)s have turned these emails off and see it only on the "
                                       "order page",
                                       self.turned_off)),
            (self.unreachable, ngettext("%(n)s can't be reached", "%(n)s can't be reached",
                                        self.unreachable)),
            (self.unreleased, ngettext("%(n)s is unreleased and sees it only on the order page",
                                       "%(n)s are unreleased and see it only on the order page",
                                       self.unreleased)),
        ]  # fmt: skip
        return [sentence % {"n": _number(count)} for count, sentence in words if count]

    @property
    def refund_words(self) -> str:
        if self.no_longer_owed:
            return ngettext(
                "The refund of %(n)s unit is no longer due.",
                "The refunds of %(n)s units are no longer due.",
                self.no_longer_owed,
            ) % {"n": _number(self.no_longer_owed)}
        if not self.refunds or self.refunds_by is None:
            return ""
        return ngettext(
            "%(n)s refund will be due, the first by %(day)s.",
            "%(n)s refunds will be due, the first by %(day)s.",
            self.refunds,
        ) % {"n": _number(self.refunds), "day": date_format(self.refunds_by)}

    @property
    def mails_are_kept(self) -> bool:
        return not goes_to_all()


HEARS = Q(message_due=True) | Q(order__released_at=None)
NOBODY = Consequences(
    quiet=0, mailed=0, asked={}, turned_off=0, unreachable=0, unreleased=0, moves=False, kinds=[],
    reached=[], refunds=0, refunds_by=None, no_longer_owed=0, owed=[], examples=[], more_examples=0,
)  # fmt: skip


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is gone afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def rehearse(
    act: Callable[[], object], product_ids: Collection[int], *, now: datetime
) -> Consequences:
    """`act` does it, by services, at `now`; then it settles. May raise Refused. Others who work on
    these products meanwhile wait until it is rolled back."""
    with undone():
        products = Product.objects.filter(pk__in=product_ids)
        settling = list(products.filter(review_at__gt=now).values_list("pk", flat=True))
        # Nobody has heard of what still settles. Until it has, what was published holds, for the
        # action as well.
        before = newest_forecasts(settling, now=now) + make_forecasts(
            products.exclude(pk__in=settling), now=now
        )
        last = Event.objects.aggregate(last=Max("pk"))["last"] or 0
        owed = _units_owed(product_ids)
        act()
        tells_at_once = Event.objects.filter(HEARS, pk__gt=last).exists()
        services.review(products.exclude(pk__in=settling) if tells_at_once else products, now=now)
        no_longer_owed = max(owed - _units_owed(product_ids), 0)
        return _consequences(before, last, list(product_ids), no_longer_owed, now=now)


def rehearse_import(run: ImportRun, record: Import) -> tuple[Consequences, services.Worse]:
    """What an import that has just been done would tell, itself and once it has settled, to
    customers in its file and others. Called in the import's transaction, by a caller that rolls it
    back right after."""
    if run.before is None or not run.before.anybody:
        return NOBODY, services.Worse()
    products = services.touched_since(run.before, now=run.now)
    published = Forecast.objects.filter(product__in=products, pk__lte=run.before.forecast)
    before = list(published.order_by("product_id", "-id").distinct("product_id"))
    services.review(Product.objects.filter(pk__in=products).only("pk"), now=run.now)
    worse = services.worse_told(run.before, record, now=run.now)
    return _consequences(before, run.before.event, products, 0, now=run.now), worse


def _units_owed(product_ids: Collection[int]) -> int:
    to_send = Refund.objects.filter(sent_at=None, line__product__in=product_ids)
    return int(to_send.aggregate(units=Sum("units", default=0))["units"])


QUIET = sql(__file__, "quiet", waiting=WHOLE_QUEUES)

HEARD = sql(
    __file__,
    "heard",
    is_told=IS_TOLD,
    still_holds=STILL_HOLDS,
    cannot_be_reached=CANNOT_BE_REACHED,
    turned_off=has_turned_off(Topic.GOOD_NEWS),
)


@dataclass(frozen=True, slots=True)
class _Heard:
    what: str
    law: str | None
    silence: str
    chief: int
    locale: str
    country: str
    region: str
    orders: int
    first: int

    @property
    def sort(self) -> Sort:
        news = EventKind(CHIEF_FIRST[self.chief - 1])
        return Sort(
            language_for(self.locale), law_of(self.country, self.region), news, self.silence
        )


def _consequences(
    before: Sequence[Forecast],
    last: int,
    products: list[int],
    no_longer_owed: int,
    *,
    now: datetime,
) -> Consequences:
    after = (
        Forecast.objects.filter(product__in=products)
        .order_by("product_id", "-id")
        .distinct("product_id")
    )
    values = {
        "before": [row.pk for row in before],
        "after": [row.pk for row in after],
        "products": products,
    }
    with connection.cursor() as cursor:
        cursor.execute(QUIET, {**values, "last": last, "now": now})
        (quiet,) = cursor.fetchone()
        chief_first = [str(kind) for kind in CHIEF_FIRST]
        regional = list(REGIONAL_COUNTRIES)
        choice = f'"{Sentence.CHOICE}"'
        cursor.execute(
            HEARD,
            {
                "last": last,
                "now": now,
                "choice": choice,
                "chief_first": chief_first,
                "regional": regional,
            },
        )
        heard = [_Heard(*row) for row in cursor.fetchall()]
    sorts = _first_of_each(heard)
    events = Event.objects.filter(HEARS, pk__gt=last, at=now)
    refunds = Refund.objects.filter(created_at=now, line__product__in=products).select_related(
        "line__order", "line__product"
    )
    owed = list(refunds[:SHOWN])
    return Consequences(
        quiet=quiet,
        mailed=_orders(heard, "mailed"),
        asked=_by_law(heard),
        turned_off=_orders(heard, "turned_off"),
        unreachable=_orders(heard, "unreachable"),
        unreleased=_orders(heard, "unreleased"),
        moves=not events.exclude(
            kind__in=[EventKind.LATER, EventKind.EARLIER, EventKind.NO_DATE]
        ).exists(),
        kinds=_kinds(events),
        reached=[
            _reached(event)
            for event in events.select_related("order", "line__product").order_by("pk")[:SHOWN]
        ],
        refunds=len(owed) if len(owed) < SHOWN else refunds.count(),
        refunds_by=owed[0].due_on if owed else None,
        no_longer_owed=no_longer_owed,
        owed=owed,
        examples=list(examples(dict(islice(sorts.items(), EXAMPLES)), now=now)),
        more_examples=max(len(sorts) - EXAMPLES, 0),
    )


def _orders(heard: Collection[_Heard], what: str) -> int:
    return sum(group.orders for group in heard if group.what == what)


def _by_law(heard: Collection[_Heard]) -> dict[str, int]:
    """Most first."""
    laws = {group.law for group in heard if group.law}
    counts = {
        Jurisdiction(law).rules.beside_country or law: sum(
            each.orders for each in heard if each.law == law
        )
        for law in laws
    }
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _kinds(events: QuerySet[Event]) -> list[tuple[Text, int]]:
    """How many orders are told of each, as the groups count them."""
    orders = Count("order", distinct=True)
    kinds = events.order_by().values("kind").annotate(total=orders).order_by("-total", "kind")
    return [(EventKind(kind).label, total) for kind, total in kinds.values_list("kind", "total")]


def _reached(event: Event) -> Reached:
    locale = event.order.locale
    return Reached(
        event.order,
        EventKind(event.kind).label,
        sentence(event, locale=locale),
        language_for(locale),
    )


def _first_of_each(heard: Collection[_Heard]) -> dict[Sort, int]:
    """An order for each sort of email, from the country where most get it: the shop's own language
    first, then what most would get."""
    first: dict[Sort, int] = {}
    orders: Counter[Sort] = Counter()
    for group in sorted(heard, key=lambda group: -group.orders):
        if group.what in ("mailed", "asked"):
            first.setdefault(group.sort, group.first)
            orders[group.sort] += group.orders
    ours = language_for(settings.LANGUAGE_CODE)
    return {
        each: first[each]
        for each in sorted(first, key=lambda each: (each.language != ours, -orders[each]))
    }


def _number(number: int) -> str:
    return str(number_format(number, force_grouping=True))
