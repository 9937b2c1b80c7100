"""Makes one order here what it is in the shop, whoever brought it. A new one joins its queues; a
known one is closed as far as the shop says so. Nothing is reopened. What needs a person goes on
staff's list, once.

A source that brings one order calls `reconcile`. A file of many is one transaction: it locks their
numbers, then writes them in batches by a Reconciliation.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from orders import services
from orders.imports import known
from orders.imports.difference import Difference, new_skus, unlisted
from orders.imports.shop_order import ShopLine, ShopOrder
from orders.mail_port import mail_port
from orders.models import Import, Order, OrderLine, Product, Refund, Release

Done = Literal[
    "joined",
    "changed",
    "unchanged",
    "left_out_closed",
    "left_out_unpaid",
    "left_out_shipped",
    "left_out_not_on_backorder",
    "left_out_without_sku",
    "left_out_not_shipped",
    "left_out_without_lines",
    "other_order",
    "refused",
]


@dataclass(frozen=True, slots=True)
class ProductSelection:
    """Which products join beside those marked as on backorder."""

    skus: frozenset[str] = frozenset()
    all_products: bool = False


@dataclass(slots=True)
class Reconciled:
    """What was done with an order, `there` as the shop has it, `number` as it is known here.

    done       joined: it is new here. changed, unchanged: it was here. left_out_...: it is not
               here, and why. other_order: another one has its number here, as `another` says.
               refused: a service would not (only in a file; reconcile raises it)
    counts     units_shipped, units_cancelled, refunds_confirmed, shop_tasks_done, lines_added,
               details_taken_over, addresses_taken_over, and changes that staff are asked to
               accept: asked_units, asked_place
    texts      how many are new on staff's list
    conflicts  those of them about units that left though cancelled here
    left_out   SKUs whose units do not join, as their product is not on backorder
    """

    there: ShopOrder
    number: str
    done: Done = "unchanged"
    counts: Counter[str] = field(default_factory=Counter)
    texts: int = 0
    conflicts: Sequence[str] = ()
    left_out: Sequence[str] = ()
    another: str = ""
    refused: services.Refused | None = None


@transaction.atomic
def reconcile(
    there: ShopOrder, *, now: datetime, actor: str = "", selection: ProductSelection | None = None
) -> Reconciled:
    """Make the order here what it is in the shop: all of it or, where Refused says why, nothing.

    `there` is the whole order as it is now, not what happened to it. If it is given again, by
    anyone, it changes nothing. An older state must not be given after a newer one.

    Two callers with the same order wait for each other's transaction. That includes the import of a
    file, which takes minutes; a file of more than a thousand orders locks all there are. A caller
    who cannot wait calls this inside services.waiting_at_most, and gets Locked. Different orders
    wait for each other only where all writers do, at the stock of a product.

    `now`: when this is true, aware. `actor`: who brought it, as history will name them; empty: the
    shop. Before the first go-live new orders are unreleased: nothing is emailed about them. What
    cannot be true of any order is a BadValue when the ShopOrder is made. Refused is what services
    will not do: a time in the future, too many units, a parcel that left before its order was
    placed.
    """
    services.lock_orders([there.number])
    reconciliation = Reconciliation(now, selection or ProductSelection(), actor=actor)
    (it,) = reconciliation.write([there])
    if it.refused:
        raise it.refused
    reconciliation.serve()
    return it


@dataclass(slots=True)
class Reconciliation:
    """Orders reconciled in one transaction, which has locked their numbers (services.lock_orders).
    After the last of them the caller calls `serve`: an older order, which goes first, may be in the
    last batch."""

    now: datetime
    selection: ProductSelection
    actor: str = ""
    imported_by: Import | None = None
    quiet: bool = field(init=False)
    joined: set[int] = field(init=False, default_factory=set)  # products
    shipped: set[int] = field(init=False, default_factory=set)  # products
    looks: dict[str, services.Look] = field(init=False, default_factory=dict)  # by SKU
    shown: int = field(init=False, default=0)  # products that look different now
    # SKUs left out, as they look like one that is here
    near: dict[str, str] = field(init=False, default_factory=dict)
    _known_skus: known.KnownSkus | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.quiet = not Release.objects.exists()

    def write(self, orders: Iterable[ShopOrder]) -> list[Reconciled]:
        """What was done with each; no number may be there twice. First those whose number another
        order has here, then the others as they came. Many at once take few queries."""
        batch = [Reconciled(there, there.number) for there in orders]
        here = known.in_full(it.number for it in batch)
        others = [it for it in batch if self._is_another(it, here.get(it.number.upper()))]
        batch = [it for it in batch if it.done != "other_order"]
        for it in batch:
            if order := here.get(it.number.upper()):
                it.there = known.spelled_as_here(it.there, order)
        products = self._products(batch, here)
        new = []
        for it in batch:
            if order := here.get(it.number.upper()):
                self._attempt(it, order, products)
            elif lines := self._joining(it, products):
                new.append((it, self._new_order(it, lines)))
        self._place(new)
        for it in batch:
            self._look_at(it.there)
        return others + batch

    def serve(self) -> Mapping[str, int]:
        """Promises and spare units for those that joined. What was shipped of units set aside for
        others is settled with them: how many texts are new on staff's list, by order number."""
        waiting_again = services.serve_after_shipments(self.shipped, now=self.now)
        services.serve_joined(self.joined, now=self.now, quiet=self.quiet)
        self.shown = services.show_products(self.looks)
        return waiting_again

    def _look_at(self, there: ShopOrder) -> None:
        """The order placed last says how a product looks."""
        for sku, line in there.by_sku.items():
            look = services.Look(there.placed_at, line.name, line.variant, line.image_url)
            newest = self.looks.get(sku)
            if newest is None or newest.at <= look.at:
                self.looks[sku] = look

    def _is_another(self, it: Reconciled, order: Order | None) -> bool:
        """Nothing is written about another order with the same number. A person hears of it, and
        the rest goes on."""
        there = it.there
        if order is None or known.is_same(order, there):
            return False
        it.done, it.number, it.another = "other_order", order.number, _both(order, there)
        text = (
            f"a different order {there.number} is in a file: placed {_day(there.placed_at)}, "
            f"{there.country or 'no country'}; it was not imported: give it a number of its own"
        )
        it.texts += services.flag(order, [text])
        return True

    # New orders

    def _joining(self, it: Reconciled, products: Mapping[str, Product]) -> list[services.NewLine]:
        """Lines of a new order that join a queue; where there are none the order is left out."""
        there = it.there
        if there.closed:
            it.done = "left_out_closed"
            return []
        if there.state == "unpaid":
            it.done = "left_out_unpaid"
            return []
        skus = there.open_skus
        it.left_out = [sku for sku in skus if sku not in products]
        lines = [_new_line(there.by_sku[sku], products[sku]) for sku in skus if sku in products]
        if not lines:
            it.done = _why_nothing_joins(there)
        return lines

    def _new_order(self, it: Reconciled, lines: list[services.NewLine]) -> services.NewOrder:
        there = it.there
        texts = _held_texts(lines)
        texts += [services.sent_back_text(there.part_refund)] if there.part_refund else []
        texts += [] if there.email else [services.NO_ADDRESS]
        it.texts += len(texts)
        return services.NewOrder(
            number=there.number,
            placed_at=there.placed_at,
            paid_at=there.paid_at,
            email=there.email,
            customer_name=there.customer_name,
            country=there.country,
            region=there.region,
            locale=there.locale,
            currency=there.currency,
            total=there.total,
            lines=lines,
            attention=texts,
        )

    def _place(self, new: list[tuple[Reconciled, services.NewOrder]]) -> None:
        if not new:
            return
        try:
            placed = services.place_orders(
                [order for _, order in new],
                now=self.now,
                quiet=self.quiet,
                imported_by=self.imported_by,
                serve=False,
            )
        except services.Refused as error:
            if len(new) > 1:
                for one in new:
                    self._place([one])
            else:
                _refuse(new[0][0], error)
            return
        self.joined.update(line.product.pk for _, order in new for line in order.lines)
        for (it, _), order in zip(new, placed, strict=True):
            it.done = "joined"
            self._record_shipped_part(it.there, order, it.there.by_sku)

    def _record_shipped_part(self, there: ShopOrder, order: Order, joined: Collection[str]) -> None:
        """Of lines that have just joined, by SKU."""
        shipped = {sku: units for sku in joined if (units := there.by_sku[sku].shipped)}
        if shipped:
            lines = order.lines.filter(product__sku__in=shipped, held=False).select_related(
                "product"
            )
            if units := {line.pk: shipped[line.product.sku] for line in lines}:
                services.ship(
                    order,
                    units,
                    now=self.now,
                    actor=self.actor,
                    beyond_reserved=True,
                    before_joining=True,
                    day_known=False,
                )

    # Known orders

    def _attempt(self, it: Reconciled, order: Order, products: Mapping[str, Product]) -> None:
        it.number = order.number
        try:
            changed = self._change(it, order, products)
        except services.Refused as error:
            _refuse(it, error)
        else:
            it.done = "changed" if changed else "unchanged"

    def _change(self, it: Reconciled, order: Order, products: Mapping[str, Product]) -> bool:
        there = it.there
        difference = Difference(there, order)
        changed = self._close(it, order, difference)
        if difference.uncounted:
            services.hold_uncounted(order, difference.uncounted)
            it.texts += len(difference.uncounted)
            changed = True
        changed |= self._join_known(it, order, products)
        if there.email and not order.email:
            changed |= services.learn_address(
                order, there.email, unreachable=services.NO_ADDRESS, now=self.now
            )
        changed |= services.learn_prices(
            order, currency=there.currency, total=there.total, prices=difference.prices
        )
        if difference.texts or order.flagged:
            changed |= self._say(it, order, difference)
        return changed | self._hear_of_changes(it, order, difference)

    def _say(self, it: Reconciled, order: Order, difference: Difference) -> bool:
        before = order.flagged
        it.texts += services.set_flags(order, difference.texts, about=difference.about())
        return before != Order.objects.values_list("flagged", flat=True).get(pk=order.pk)

    def _hear_of_changes(self, it: Reconciled, order: Order, difference: Difference) -> bool:
        said = {
            name: getattr(it.there, name)
            for name in ("email", "customer_name", "country", "region")
        }
        new = services.hear_of_changes(order, said, difference.listed, now=self.now)
        taken_over, addresses = new.pop("taken_over", 0), new.pop("email", 0)
        it.counts["details_taken_over"] += taken_over
        it.counts["addresses_taken_over"] += addresses
        it.counts.update({f"asked_{what}": number for what, number in new.items()})
        it.texts += new.total() + addresses
        if addresses:
            mail_port().address_changed(order, now=self.now)
        return bool(new or taken_over or addresses)

    def _close(self, it: Reconciled, order: Order, difference: Difference) -> bool:
        now, there = self.now, it.there
        if difference.ship:
            it.conflicts = services.record_parcel(
                order, difference.ship, now=now, shipped_at=there.shipped_at, actor=self.actor
            )
            it.texts += len(it.conflicts)
            self.shipped.update(
                line.product_id for line in order.lines.all() if line.pk in difference.ship
            )
            it.counts["units_shipped"] += sum(difference.ship.values())
        refunded, confirmed = there.state == "refunded", 0
        if difference.cancel:
            refunds = services.cancel(
                order,
                now=now,
                units=difference.cancel,
                by="shop",
                actor=self.actor,
                refunded=refunded,
                in_shop=True,
            )
            confirmed += len(refunds) * refunded
            it.counts["units_cancelled"] += sum(difference.cancel.values())
        if refunded:
            for refund in Refund.objects.filter(line__order=order, sent_at__isnull=True):
                confirmed += services.mark_refund_sent(refund, now=now, actor=self.actor)
            it.counts["refunds_confirmed"] += confirmed
        to_do = [line for line in order.lines.all() if line.pk in difference.wanted]
        done = sum(
            services.shown_by_shop(line, difference.wanted[line.pk], now=now) for line in to_do
        )
        it.counts["shop_tasks_done"] += done
        return bool(difference.ship or difference.cancel or confirmed or done)

    def _join_known(self, it: Reconciled, order: Order, products: Mapping[str, Product]) -> bool:
        """Lines of a product that was put on backorder after its order had come."""
        there = it.there
        if there.state != "open":
            return False
        skus = _not_here(there, order)
        it.left_out = [sku for sku in skus if sku not in products]
        lines = [_new_line(there.by_sku[sku], products[sku]) for sku in skus if sku in products]
        if not lines:
            return False
        services.add_lines([(order, line) for line in lines], now=self.now, serve=False)
        self._record_shipped_part(there, order, skus)
        it.texts += services.flag(order, _held_texts(lines))
        self.joined.update(line.product.pk for line in lines)
        it.counts["lines_added"] += len(lines)
        return True

    # Products

    def _products(
        self, batch: Collection[Reconciled], here: Mapping[str, Order]
    ) -> dict[str, Product]:
        """The products of these orders that join a queue, created and marked where they are
        selected."""
        names: dict[str, str] = {}
        waiting: set[str] = set()
        for it in batch:
            there = it.there
            if there.state == "open":
                skus = _not_here(there, here.get(it.number.upper()))
                names |= {sku: names.get(sku) or there.by_sku[sku].name for sku in skus}
                waiting.update([] if there.complete else skus)
        rows = Product.objects.filter(sku__in=names).annotate(
            queued=Exists(OrderLine.objects.filter(product=OuterRef("pk")))
        )
        there_already = {product.sku: product for product in rows}
        joining = {
            sku: name
            for sku, name in names.items()
            if self._joins(sku, there_already.get(sku), waits=sku in waiting)
        }
        return services.know_products(joining, on_backorder=True) if joining else {}

    def _joins(self, sku: str, product: Any, *, waits: bool) -> bool:
        if sku in self.selection.skus or (product and product.on_backorder):
            return True
        # A list of orders that wait says by itself that its products are on backorder, but for one
        # that had a queue and was taken off by staff since.
        waits = waits and not self.selection.skus and (product is None or not product.queued)
        if not (waits or self.selection.all_products):
            return False
        if product is None and (near := self._nearly(sku)):
            self.near[sku] = near
            return False
        return True

    def _nearly(self, sku: str) -> str:
        self._known_skus = self._known_skus or known.KnownSkus()
        return self._known_skus.nearly(sku)


def _why_nothing_joins(there: ShopOrder) -> Done:
    if there.open_skus:
        return "left_out_not_on_backorder"
    if there.nameless:
        return "left_out_without_sku"
    if any(line.shipped for line in there.by_sku.values()):
        return "left_out_shipped"
    return "left_out_not_shipped" if there.not_shipped else "left_out_without_lines"


def _refuse(it: Reconciled, error: services.Refused) -> None:
    it.done, it.refused = "refused", error


def _not_here(there: ShopOrder, order: Order | None) -> list[str]:
    """Products that may join. Where the shop lists another one instead of a line that waits here, a
    person decides (Difference): nobody waits twice for one thing."""
    if order is None:
        return there.open_skus
    return [] if unlisted(there, order) else new_skus(there, order)


def _new_line(line: ShopLine, product: Product) -> services.NewLine:
    return services.NewLine(
        product,
        line.wanted,
        promised_by=line.promised_by,
        held=line.shipped is None,
        unit_price=line.unit_price,
    )


def _held_texts(lines: Iterable[services.NewLine]) -> list[str]:
    return [services.held_text(line.product.sku, line.quantity) for line in lines if line.held]


def _both(order: Order, there: ShopOrder) -> str:
    """Names no address: what an import did is kept."""
    address = ", with another email address" if order.email and there.email else ""
    return (
        f"order {there.number} is a different order here, placed {_day(order.placed_at)}, "
        f"{order.country or 'no country'}; in the file it was placed {_day(there.placed_at)}, "
        f"{there.country or 'no country'}{address}; it was not imported"
    )


def _day(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
