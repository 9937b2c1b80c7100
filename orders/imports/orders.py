"""A file of orders: new ones join their queues, known ones are closed as far as the file says so.
Nothing is reopened."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch
from django.utils import timezone

from orders import services
from orders.imports.csv.gathering import OrdersFile
from orders.imports.csv.table import Table
from orders.imports.known import is_same, with_numbers
from orders.imports.remaining import settle_remaining
from orders.imports.run import Run
from orders.imports.sources.dialects import Dialect, ExportLine, ExportOrder
from orders.imports.sources.statuses import refuse_unread
from orders.models import Order, OrderLine, Product, Refund, Release, ShopTask

BATCH = 1000
NUMBERS_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Selection:
    """Which products join beside those marked as on backorder."""

    skus: frozenset[str] = frozenset()
    all_products: bool = False


def import_orders(
    run: Run, dialect: Dialect, selection: Selection, *, remaining: Table | None = None
) -> dict[str, Any]:
    """Counts of what was done. NothingWritten where rows are bad and not to be skipped."""
    if dialect.status_expected:
        refuse_unread(
            run.table, [*dialect.required, *dialect.optional], expected=dialect.status_expected
        )
    file = OrdersFile(run.table, dialect, now=run.now)
    for _ in file.orders(run.bad):
        pass
    run.stop_if_bad()

    def write() -> dict[str, Any]:
        writer = _Writer(run, dialect, selection, quiet=not Release.objects.exists())
        done = 0
        for batch in _batches(file.orders(lambda row, error: None)):
            writer.write(batch)
            done += sum(len(order.lines) + order.nameless for order in batch)
            run.progress(min(done, file.rows), file.rows)
        writer.serve()
        if remaining:
            settle_remaining(remaining, run, writer.counts)
        return writer.report()

    return run.perform("import_orders", write)


@dataclass(slots=True)
class _Writer:
    """Writes batches of orders; counts every order of the file exactly once."""

    run: Run
    dialect: Dialect
    selection: Selection
    quiet: bool
    counts: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)  # lines by SKU
    attention: Counter[str] = field(default_factory=Counter)  # new texts by order number
    others: list[str] = field(default_factory=list)  # orders whose number another has here
    joined: set[int] = field(default_factory=set)  # products
    shipped: set[int] = field(default_factory=set)  # products
    seen: set[str] = field(default_factory=set)  # SKUs of the file

    def write(self, batch: Collection[ExportOrder]) -> None:
        known = _known_orders(batch)
        batch = [export for export in batch if self._is_known_or_new(export, known)]
        products = self._products(batch, known)
        new = []
        for export in batch:
            self.seen.update(export.lines)
            self.counts["lines_without_sku"] += export.nameless
            order = known.get(export.number.upper())
            if order:
                self._attempt(
                    export,
                    lambda export=export, order=order: self._reconcile(export, order, products),
                )
            elif order_lines := self._joining(export, products):
                new.append((export, self._new_order(export, order_lines)))
        self._place(new)

    def _is_known_or_new(self, export: ExportOrder, known: Mapping[str, Order]) -> bool:
        """Of another order with the same number nothing is written; a person hears of it, and the
        rest goes on."""
        order = known.get(export.number.upper())
        if order is None or is_same(order, export.head):
            return True
        self.counts["other_orders"] += 1
        if len(self.others) < NUMBERS_KEPT:
            self.others.append(f"{self.run.table.name}:{export.row}: {_both(order, export)}")
        head = export.head
        text = (
            f"another order {export.number} is in a file: placed {_day(head.placed_at)}, "
            f"{head.country or 'no country'}; "
            "nothing of it was imported: give it a number of its own"
        )
        if services.notice(order, [text]):
            self.attention[order.number] += 1
        return False

    def serve(self) -> None:
        self.attention.update(services.settle_shipped(self.shipped, now=self.run.now))
        services.serve_joined(self.joined, now=self.run.now, quiet=self.quiet)

    def hear_of_conflicts(self, export: ExportOrder, order: Order, texts: Collection[str]) -> None:
        if texts:
            self.attention[order.number] += len(texts)
            self.run.conflicts += [
                f"{self.run.table.name}:{export.row}: order {order.number}: {text}"
                for text in texts
            ]

    def report(self) -> dict[str, Any]:
        return {
            **{name: number for name, number in sorted(self.counts.items()) if number},
            "quiet": self.quiet,
            "not_on_backorder": dict(self.left_out.most_common()),
            "orders_for_a_person": len(self.attention),
            "needs_a_person": dict(self.attention.most_common(NUMBERS_KEPT)),
            **({"same_number": self.others} if self.others else {}),
            "not_in_file": sorted(self.selection.skus - self.seen),
        }

    def _attempt(self, export: ExportOrder, write: Any) -> None:
        try:
            write()
        except services.Refused as error:
            self.run.bad(export.row, error)
            self.counts["refused"] += 1

    # New orders

    def _joining(
        self, export: ExportOrder, products: Mapping[str, Product]
    ) -> list[services.NewLine]:
        """Lines of a new order that join a queue; where there are none the order is counted as left
        out."""
        if export.head.closed:
            self.counts["left_out_closed"] += 1
            return []
        if not export.head.paid:
            self.counts["left_out_unpaid"] += 1
            return []
        skus = _open_skus(export)
        self.left_out.update(sku for sku in skus if sku not in products)
        lines = [_new_line(export.lines[sku], products[sku]) for sku in skus if sku in products]
        if not lines:
            all_left = not skus and any(line.shipped for line in export.lines.values())
            self.counts["left_out_shipped" if all_left else "left_out_not_on_backorder"] += 1
        return lines

    def _new_order(self, export: ExportOrder, lines: list[services.NewLine]) -> services.NewOrder:
        head = export.head
        texts = _held_texts(lines)
        texts += [_refund_text(head.part_refund)] if head.part_refund else []
        texts += [] if head.email else [services.NO_ADDRESS]
        if texts:
            self.attention[export.number] += len(texts)
        return services.NewOrder(
            number=export.number,
            placed_at=head.placed_at,
            paid_at=head.paid_at,
            email=head.email,
            customer_name=head.customer_name,
            country=head.country,
            region=head.region,
            locale=head.locale,
            lines=lines,
            attention=texts,
        )

    def _place(self, new: list[tuple[ExportOrder, services.NewOrder]]) -> None:
        if not new:
            return
        try:
            placed = self._placed([order for _, order in new])
        except services.Refused:
            if len(new) > 1:
                for one in new:
                    self._place([one])
                return
            self._attempt(new[0][0], lambda: self._placed([new[0][1]]))
            return
        self.counts["joined"] += len(placed)
        self.joined.update(line.product.pk for _, order in new for line in order.lines)
        for (export, _), order in zip(new, placed, strict=True):
            self._record_shipped_part(export, order)

    def _placed(self, orders: list[services.NewOrder]) -> list[Order]:
        return services.place_orders(
            orders, now=self.run.now, quiet=self.quiet, imported_by=self.run.row, serve=False
        )

    def _record_shipped_part(self, export: ExportOrder, order: Order) -> None:
        shipped = {sku: line.shipped for sku, line in export.lines.items() if line.shipped}
        if shipped:
            lines = order.lines.filter(product__sku__in=shipped, held=False).select_related(
                "product"
            )
            if units := {line.pk: shipped[line.product.sku] for line in lines}:
                services.ship(
                    order,
                    units,
                    now=self.run.now,
                    beyond_reserved=True,
                    before_joining=True,
                    day_known=False,
                )

    # Known orders

    def _reconcile(
        self, export: ExportOrder, order: Order, products: Mapping[str, Product]
    ) -> None:
        difference = _Difference(export, order, complete=not self.dialect.waiting_only)
        changed = self._close(export, order, difference)
        if difference.hold:
            services.hold(order, difference.hold)
            self.attention[order.number] += len(difference.hold)
            changed = True
        changed |= self._join_known(export, order, products)
        if export.head.email and not order.email:
            changed |= services.learn_address(
                order, export.head.email, unreachable=services.NO_ADDRESS, now=self.run.now
            )
        if difference.texts or order.noticed:
            changed |= self._say(order, difference)
        changed |= self._hear_of_changes(export, order, difference)
        self.counts["changed" if changed else "unchanged"] += 1

    def _say(self, order: Order, difference: "_Difference") -> bool:
        before = order.noticed
        if new := services.say(order, difference.texts, about=difference.about()):
            self.attention[order.number] += new
        return before != Order.objects.values_list("noticed", flat=True).get(pk=order.pk)

    def _hear_of_changes(
        self, export: ExportOrder, order: Order, difference: "_Difference"
    ) -> bool:
        said = {
            name: str(getattr(export.head, name))
            for name in ("email", "customer_name", "country", "region")
        }
        new = services.hear_of_changes(order, said, difference.listed, now=self.run.now)
        taken_over = new.pop("taken_over", 0)
        self.counts["details_taken_over"] += taken_over
        self.counts.update({f"asked_{what}": number for what, number in new.items()})
        if new:
            self.attention[order.number] += new.total()
        return bool(new or taken_over)

    def _close(self, export: ExportOrder, order: Order, difference: "_Difference") -> bool:
        now = self.run.now
        if difference.ship:
            said = services.record_parcel(
                order, difference.ship, now=now, shipped_at=export.head.shipped_at
            )
            self.hear_of_conflicts(export, order, said)
            self.shipped.update(
                line.product_id for line in order.lines.all() if line.pk in difference.ship
            )
            self.counts["units_shipped"] += sum(difference.ship.values())
        refunded, confirmed = export.head.closed == "refunded", 0
        if difference.cancel:
            refunds = services.cancel(
                order, now=now, units=difference.cancel, by="shop", refunded=refunded, in_shop=True
            )
            confirmed += len(refunds) * refunded
            self.counts["units_cancelled"] += sum(difference.cancel.values())
        if refunded:
            for refund in Refund.objects.filter(line__order=order, sent_at__isnull=True):
                confirmed += services.mark_refund_sent(refund, now=now)
            self.counts["refunds_confirmed"] += confirmed
        to_do = [line for line in order.lines.all() if line.pk in difference.wanted]
        done = sum(
            services.shown_by_shop(line, difference.wanted[line.pk], now=now) for line in to_do
        )
        self.counts["shop_tasks_done"] += done
        return bool(difference.ship or difference.cancel or confirmed or done)

    def _join_known(
        self, export: ExportOrder, order: Order, products: Mapping[str, Product]
    ) -> bool:
        """Lines of a product that was put on backorder after its order had come."""
        there = {line.product.sku for line in order.lines.all()}
        if export.head.closed or not export.head.paid:
            return False
        skus = [sku for sku in _open_skus(export) if sku not in there]
        self.left_out.update(sku for sku in skus if sku not in products)
        lines = [_new_line(export.lines[sku], products[sku]) for sku in skus if sku in products]
        if not lines:
            return False
        services.add_lines([(order, line) for line in lines], now=self.run.now, serve=False)
        self._record_shipped_part(export, order)
        if held := services.notice(order, _held_texts(lines)):
            self.attention[order.number] += held
        self.joined.update(line.product.pk for line in lines)
        self.counts["lines_added"] += len(lines)
        return True

    # Products

    def _products(
        self, batch: Iterable[ExportOrder], known: Mapping[str, Order]
    ) -> dict[str, Product]:
        """The products of this batch that join a queue, created and marked where the run says
        so."""
        names: dict[str, str] = {}
        for export in batch:
            order = known.get(export.number.upper())
            there = {line.product.sku for line in order.lines.all()} if order else set()
            for sku in _open_skus(export):
                if sku not in there and export.head.paid and not export.head.closed:
                    names[sku] = names.get(sku) or export.lines[sku].name
        rows = Product.objects.filter(sku__in=names).annotate(
            queued=Exists(OrderLine.objects.filter(product=OuterRef("pk")))
        )
        there_already = {product.sku: product for product in rows}
        joining = {
            sku: name for sku, name in names.items() if self._joins(sku, there_already.get(sku))
        }
        return services.know_products(joining, on_backorder=True) if joining else {}

    def _joins(self, sku: str, product: Any) -> bool:
        if (
            self.selection.all_products
            or sku in self.selection.skus
            or (product and product.on_backorder)
        ):
            return True
        # A file of orders that wait says by itself that its products are on backorder, but for one
        # that had a queue and was taken off by staff since.
        return (
            self.dialect.waiting_only
            and not self.selection.skus
            and (product is None or not product.queued)
        )


class _Difference:
    """What an export says of a known order that is not so here: units by line to ship, to cancel,
    lines to hold; and the units the shop wants of lines with something to do there, or lists of
    lines again that are cancelled here (else 0)."""

    def __init__(self, export: ExportOrder, order: Order, *, complete: bool) -> None:
        self.order = order
        self.export = export
        self.complete = complete
        self.ship: dict[int, int] = {}
        self.cancel: dict[int, int] = {}
        self.wanted: dict[int, int] = {}
        self.listed: dict[int, int] = {}
        self.hold: list[int] = []
        self.texts: list[str] = []
        for line in order.lines.all():
            said = export.lines.get(line.product.sku)
            to_do = [task for task in line.shop_tasks.all() if task.confirmed_at is None]
            # What was put back here is still cancelled in the shop: that is on staff's list, and no
            # news.
            to_put_back = sum(task.units for task in to_do if task.kind == ShopTask.Kind.PUT_BACK)
            gone = export.head.closed == "refunded"
            self._hear_of_reopening(line, said, complete=complete)
            self._compare(
                line,
                said,
                0 if gone else to_put_back,
                closed=bool(export.head.closed),
                complete=complete,
            )
            if to_do:
                self.wanted[line.pk] = 0 if said is None or export.head.closed else said.wanted
        if export.head.part_refund:
            self.texts.append(_refund_text(export.head.part_refund))

    def about(self) -> re.Pattern[str]:
        """What this export would say once more, were it still so."""
        closed = bool(self.export.head.closed)
        skus = [line.product.sku for line in self.order.lines.all()]
        named = [
            re.escape(sku) for sku in skus if self.complete or closed or sku in self.export.lines
        ]
        money = "|.* was sent back, the export" if self.complete else ""
        return re.compile(f"(?:{'|'.join(named)}): the export (?:lists|no longer lists) {money}")

    def _compare(
        self,
        line: OrderLine,
        said: ExportLine | None,
        to_put_back: int,
        *,
        closed: bool,
        complete: bool,
    ) -> None:
        still = line.waiting + line.reserved
        if said is None:
            still -= to_put_back
            if closed and still > 0:
                self.cancel[line.pk] = still
            elif complete and still > 0:
                self.texts.append(
                    f"{line.product.sku}: the export no longer lists it: are its units still to "
                    f"come?"
                )
            return
        left = self._left(line, said, still, closed=closed)
        if left:
            self.ship[line.pk] = left
        rest = still - left
        fewer = rest if closed else line.quantity - line.cancelled - said.wanted
        fewer = min(fewer - to_put_back, rest)
        if fewer > 0:
            self.cancel[line.pk] = fewer
        if said.wanted > line.quantity and not closed:
            self.texts.append(
                f"{line.product.sku}: the export lists {said.wanted} units, {line.quantity} "
                f"joined the line: "
                "the others need an order of their own"
            )

    def _hear_of_reopening(
        self, line: OrderLine, said: ExportLine | None, *, complete: bool
    ) -> None:
        head = self.export.head
        if said is None or head.closed or not head.paid:
            if said or complete or head.closed:
                self.listed[line.pk] = 0
            return
        # what has left though cancelled here is said of the parcel
        to_come = said.wanted - (said.shipped or 0)
        again = min(services.listed_again(line, max(said.wanted, said.shipped or 0)), to_come)
        self.listed[line.pk] = said.wanted if again > 0 else 0

    def _left(self, line: OrderLine, said: ExportLine, still: int, *, closed: bool) -> int:
        """Units the shop has sent that are still to come here."""
        if said.shipped is None:
            asked = services.held_text(line.product.sku, line.quantity) in self.order.noticed
            if line.waiting and not (
                closed or line.held or asked or 0 < line.shipped < said.wanted
            ):
                self.hold.append(line.pk)
            return 0
        missing = max(said.shipped - line.shipped, 0)
        if missing <= still or not line.cancelled:
            return min(missing, still)
        # A number of units is believed only where nothing shows that the shop has cancelled some of
        # them, too.
        head = self.export.head
        if (
            head.closed
            or head.part_refund
            or any(task.confirmed_by for task in line.shop_tasks.all())
        ):
            self.texts.append(f"{line.product.sku}: {services.CONFLICT}: {missing - still}")
            return still
        return min(missing, still + line.cancelled)


def _known_orders(batch: Iterable[ExportOrder]) -> dict[str, Order]:
    orders = with_numbers(export.number for export in batch).prefetch_related(
        "lines__product", "lines__shop_tasks", Prefetch("shop_changes", services.standing_changes())
    )
    return {order.number.upper(): order for order in orders}


def _open_skus(export: ExportOrder) -> list[str]:
    """Products of which units are still to come, as far as the file says."""
    return [
        sku
        for sku, line in export.lines.items()
        if line.wanted and (line.shipped is None or line.shipped < line.wanted)
    ]


def _new_line(line: ExportLine, product: Product) -> services.NewLine:
    return services.NewLine(
        product, line.wanted, promised_by=line.promised_by, held=line.shipped is None
    )


def _held_texts(lines: Iterable[services.NewLine]) -> list[str]:
    return [services.held_text(line.product.sku, line.quantity) for line in lines if line.held]


def _refund_text(amount: str) -> str:
    return (
        f"{amount} was sent back, the export does not say for which units: cancel those that are "
        "not to come"
    )


def _both(order: Order, export: ExportOrder) -> str:
    """Names no address: what an import did is kept."""
    head = export.head
    address = " with another email address," if order.email and head.email else ""
    return (
        f"order {export.number} is another one here, placed {_day(order.placed_at)}, "
        f"{order.country or 'no country'}; "
        f"in the file it was placed {_day(head.placed_at)}, "
        f"{head.country or 'no country'},{address} and nothing of it was "
        "imported"
    )


def _day(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def _batches(orders: Iterator[ExportOrder]) -> Iterator[list[ExportOrder]]:
    while batch := list(islice(orders, BATCH)):
        yield batch
