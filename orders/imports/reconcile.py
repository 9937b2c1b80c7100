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
from typing import Literal

from django.db import transaction

from orders import services
from orders.imports import known
from orders.imports.difference import Difference
from orders.imports.new_orders import held_texts, new_line, new_order, why_nothing_joins
from orders.imports.products import ProductSelection, ShopProducts, not_here
from orders.imports.shop_order import ShopOrder
from orders.imports.skus import spelled_as_here
from orders.mail_port import mail_port
from orders.models import Import, Order, Product, Refund, Release

Done = Literal[
    "joined",
    "changed",
    "unchanged",
    "left_out_closed",
    "left_out_unpaid",
    "left_out_shipped",
    "left_out_not_on_backorder",
    "left_out_like_others",
    "left_out_without_sku",
    "left_out_not_shipped",
    "left_out_without_lines",
    "other_order",
    "refused",
]


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
    shown: int = field(init=False, default=0)  # products that look different now
    products: ShopProducts = field(init=False)

    def __post_init__(self) -> None:
        self.quiet = not Release.objects.exists()
        self.products = ShopProducts(self.selection)

    def write(self, orders: Iterable[ShopOrder]) -> list[Reconciled]:
        """What was done with each; no number may be there twice. First those whose number another
        order has here, then the others as they came. Many at once take few queries."""
        batch = [Reconciled(there, there.number) for there in orders]
        here = known.in_full(it.number for it in batch)
        others = [it for it in batch if self._is_another(it, here.get(it.number.upper()))]
        batch = [it for it in batch if it.done != "other_order"]
        self._refuse_lost_zeros([it for it in batch if it.there.number.upper() not in here])
        for it in batch:
            if order := here.get(it.number.upper()):
                it.there = spelled_as_here(it.there, order)
        products = self.products.joining((it.there for it in batch), here)
        new = []
        for it in batch:
            if order := here.get(it.number.upper()):
                self._attempt(it, order, products)
            elif it.done != "refused" and (lines := self._joining(it, products)):
                new.append((it, new_order(it.there, lines)))
                it.texts += len(new[-1][1].attention)
        self._place(new)
        for it in batch:
            self.products.look_at(it.there)
        return others + batch

    def serve(self) -> Mapping[str, int]:
        """Promises and spare units for those that joined. What was shipped of units set aside for
        others is settled with them: how many texts are new on staff's list, by order number."""
        waiting_again = services.serve_after_shipments(self.shipped, now=self.now)
        services.serve_joined(self.joined, now=self.now, quiet=self.quiet)
        self.shown = self.products.show()
        return waiting_again

    def _is_another(self, it: Reconciled, order: Order | None) -> bool:
        """Nothing is written about another order with the same number. A person hears of it, and
        the rest goes on."""
        there = it.there
        if order is None or known.is_same(order, there):
            return False
        it.done, it.number = "other_order", order.number
        it.another = known.both_in_words(order, there)
        it.texts += services.flag(order, [known.of_another(there)])
        return True

    def _refuse_lost_zeros(self, new: Sequence[Reconciled]) -> None:
        """The same order is here already."""
        orders = known.with_more_zeros(it.there.number for it in new)
        for it in new:
            order = orders.get(it.there.number)
            if order and known.is_same(order, it.there):
                _refuse(it, services.Refused(known.lost_zeros(it.there.number, order)))

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
        lines = [new_line(there.by_sku[sku], products[sku]) for sku in skus if sku in products]
        if not lines:
            like_others = bool(self.products.near.keys() & skus)
            it.done = "left_out_like_others" if like_others else why_nothing_joins(there)
        return lines

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
        shipped = {sku: there.by_sku[sku].shipped or 0 for sku in joined}
        shipped = {sku: units for sku, units in shipped.items() if units}
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
        skus = not_here(there, order)
        it.left_out = [sku for sku in skus if sku not in products]
        lines = [new_line(there.by_sku[sku], products[sku]) for sku in skus if sku in products]
        if not lines:
            return False
        services.add_lines([(order, line) for line in lines], now=self.now, serve=False)
        self._record_shipped_part(there, order, skus)
        it.texts += services.flag(order, held_texts(lines))
        self.joined.update(line.product.pk for line in lines)
        it.counts["lines_added"] += len(lines)
        return True


def _refuse(it: Reconciled, error: services.Refused) -> None:
    it.done, it.refused = "refused", error
