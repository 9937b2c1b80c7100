"""What the shop says about an order, compared with how it is here."""

import re
from decimal import Decimal

from orders import services
from orders.imports.shop_order import ShopLine, ShopOrder
from orders.models import Order, OrderLine, ShopTask


def new_skus(there: ShopOrder, order: Order) -> list[str]:
    """Products still to come that the order does not have here."""
    here = {line.product.sku for line in order.lines.all()}
    return [sku for sku in there.open_skus if sku not in here]


def unlisted(there: ShopOrder, order: Order) -> list[OrderLine]:
    """Lines with units to come here that the shop does not list."""
    return [
        line
        for line in order.lines.all()
        if line.product.sku not in there.by_sku and line.open_units > _to_put_back(line)
    ]


def _to_put_back(line: OrderLine) -> int:
    """What was put back here is still canceled in the shop: that is on staff's list, and no
    news."""
    return sum(
        task.units
        for task in line.shop_tasks.all()
        if task.kind == ShopTask.Kind.PUT_BACK and task.confirmed_at is None
    )


class Difference:
    """What the shop says about a known order that is not so here: units by line to ship and to
    cancel, and lines whose units to come nobody has counted. Also the units the shop wants of lines
    that have a shop task, or that it lists again although they are canceled here (else 0), and
    prices by line."""

    def __init__(self, there: ShopOrder, order: Order) -> None:
        self.order = order
        self.there = there
        self.ship: dict[int, int] = {}
        self.cancel: dict[int, int] = {}
        self.wanted: dict[int, int] = {}
        self.listed: dict[int, int] = {}
        self.prices: dict[int, Decimal] = {}
        self.uncounted: list[int] = []
        self.texts: list[str] = []
        for line in order.lines.all():
            said = there.by_sku.get(line.product.sku)
            if said and said.unit_price is not None:
                self.prices[line.pk] = said.unit_price
            to_do = [task for task in line.shop_tasks.all() if task.confirmed_at is None]
            gone = there.state == "refunded"
            self._hear_of_reopening(line, said)
            self._compare(line, said, 0 if gone else _to_put_back(line))
            if to_do:
                self.wanted[line.pk] = 0 if said is None or there.closed else said.wanted
        self._hear_of_what_is_unlisted()
        if there.part_refund:
            self.texts.append(services.sent_back_text(there.part_refund))

    def about(self) -> re.Pattern[str]:
        """What this export would say once more, were it still so."""
        there = self.there
        skus = {re.escape(line.product.sku) for line in self.order.lines.all()}
        named = skus if there.complete or there.closed else skus & set(map(re.escape, there.by_sku))
        money = "|.* was sent back, the export" if there.complete else ""
        return re.compile(
            f"(?:{'|'.join(named)}): the export (?:lists|no longer lists) "
            f"|(?:{'|'.join(skus)}): the export lists .+ instead: {money}"
        )

    def _compare(self, line: OrderLine, said: ShopLine | None, to_put_back: int) -> None:
        closed = self.there.closed
        still = line.open_units
        if said is None:
            still -= to_put_back
            if closed and still > 0:
                self.cancel[line.pk] = still
            return
        if said.wanted > line.quantity and not closed:
            self.texts.append(
                f"{line.product.sku}: the export lists {said.wanted} units, but {line.quantity} "
                "joined the line: add the others as a new order"
            )
        left = self._left(line, said, still)
        if left:
            self.ship[line.pk] = left
        rest = still - left
        if not (self.there.complete or closed):
            self._compare_waiting(line, said, rest - to_put_back)
            return
        fewer = rest if closed else line.quantity - line.cancelled - said.wanted
        fewer = min(fewer - to_put_back, rest)
        if fewer > 0:
            self.cancel[line.pk] = fewer

    def _compare_waiting(self, line: OrderLine, said: ShopLine, still: int) -> None:
        """A list of what waits does not say whether the others have shipped or were canceled."""
        if said.wanted < still:
            self.texts.append(
                f"{line.product.sku}: the export lists {said.wanted} units, but {still} are still "
                "to come here: record what has shipped, or cancel the others"
            )

    def _hear_of_what_is_unlisted(self) -> None:
        there = self.there
        new = ", ".join(new_skus(there, self.order)) if there.state == "open" else ""
        if there.closed or not (there.complete or new):
            return
        said = f"lists {new} instead" if new else "no longer lists it"
        self.texts += [
            f"{line.product.sku}: the export {said}: cancel its units if they aren't still to come"
            for line in unlisted(there, self.order)
        ]

    def _hear_of_reopening(self, line: OrderLine, said: ShopLine | None) -> None:
        there = self.there
        if said is None or there.state != "open":
            if said or there.complete or there.closed:
                self.listed[line.pk] = 0
            return
        # what has left although canceled here is said of the parcel
        to_come = said.wanted - (said.shipped or 0)
        again = min(services.listed_again(line, max(said.wanted, said.shipped or 0)), to_come)
        if there.part_refund:  # it lists the units, too, whose money was sent back
            again = 0
        self.listed[line.pk] = said.wanted if again > 0 else 0

    def _left(self, line: OrderLine, said: ShopLine, still: int) -> int:
        """Units the shop has sent that are still to come here."""
        if said.shipped is None:
            asked = services.held_text(line.product.sku, line.quantity) in self.order.flagged
            if line.waiting and not (
                self.there.closed or line.held or asked or 0 < line.shipped < said.wanted
            ):
                self.uncounted.append(line.pk)
            return 0
        missing = max(said.shipped - line.shipped, 0)
        if missing <= still or not line.cancelled:
            return min(missing, still)
        # A number of units is trusted only if nothing shows that the shop has canceled some of
        # them, too.
        if (
            self.there.closed
            or self.there.part_refund
            or any(task.confirmed_by for task in line.shop_tasks.all())
        ):
            self.texts.append(f"{line.product.sku}: {services.CONFLICT}: {missing - still}")
            return still
        return min(missing, still + line.cancelled)
