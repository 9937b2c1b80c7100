"""Mails beyond those of the pages' states: each kind of news as an order that has it to tell, made
through the services."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from itertools import count

from orders import services
from orders.models import Order, OrderLine, Product, Restock
from tests.gallery.stage import ERRATIC, Stage

FIRST_NUMBER = 80_001
ODD_NUMBER = "№ 80/042 “<b>A</b>” =?x?="
LONG_NAME = (
    "Handwoven Tideline double blanket of undyed Shetland wool, extra long, with a fringe on two "
    "sides, gift-wrapped, "
    "240 × 280 cm, colour “Haar over Skerry”"
)

Cook = Callable[[Stage], Order]
MAILS: dict[str, tuple[str, Cook]] = {}


def mail(shows: str) -> Callable[[Cook], Cook]:
    def register(cook: Cook) -> Cook:
        MAILS[cook.__name__] = (shows, cook)
        return cook

    return register


def make(*, now: datetime, only: Collection[str] = ()) -> Iterator[tuple[str, str, Order]]:
    """Name, what it shows, and an order with events that are due to be mailed, after the pages'
    states were made."""
    stage = Stage(now, "en", (f"M{n}" for n in count(1)))
    for number, (name, (shows, cook)) in enumerate(MAILS.items(), FIRST_NUMBER):
        if not only or name in only:
            stage.number = str(number)
            yield name, shows, cook(stage)


def _product(stage: Stage, name: str) -> Product:
    return stage.product(f"MAIL-{Product.objects.count()}", name)


def _place(
    stage: Stage,
    product: Product,
    quantity: int = 1,
    *,
    days: int = -20,
    told: bool = True,
    country: str = "US",
    name: str = "Ada Okafor",
) -> Order:
    new = stage.new({product: quantity}, at=stage.at(days), country=country, name=name)
    order = services.place_order(new, now=stage.at(days) + timedelta(minutes=1))
    if told:
        stage.told(product, stage.at(days) + timedelta(minutes=2))
    return order


def _line(order: Order) -> OrderLine:
    return order.lines.get()


def _waiting(
    stage: Stage, *, quantity: int = 1, days: int = 9, country: str = "US", name: str = "Ada Okafor"
) -> tuple[Order, Restock]:
    product = _product(stage, "Harbour lamp, brass")
    delivery = stage.due(product, days, 60)
    stage.crowd(product, 12, at=stage.at(-20))
    return _place(stage, product, quantity, country=country, name=name), delivery


def _delayed(stage: Stage, to: int = 16, *, country: str = "US", name: str = "Ada Okafor") -> Order:
    """A first delay, just published."""
    order, delivery = _waiting(stage, days=1, country=country, name=name)
    stage.slip(delivery, to, on=-1, reason="customs", told=False)
    return order


@mail("a delay in the United States of more than thirty days: silence cancels")
def later_by_months(stage: Stage) -> Order:
    return _delayed(stage, 75)


@mail("a first delay in the United Kingdom")
def later_uk(stage: Stage) -> Order:
    return _delayed(stage, 24, country="GB", name="Grace Evans")


@mail("a first delay elsewhere")
def later_elsewhere(stage: Stage) -> Order:
    return _delayed(stage, 24, country="CA", name="Liam Novak")


@mail("a delay of two lines, both told at once")
def later_two_lines(stage: Stage) -> Order:
    lamp, rug = _product(stage, "Harbour lamp, brass"), _product(stage, LONG_NAME)
    deliveries = [stage.due(lamp, 1, 30), stage.due(rug, 2, 30)]
    order = services.place_order(
        stage.new({lamp: 1, rug: 2}, at=stage.at(-20)), now=stage.at(-20, 11)
    )
    stage.told(lamp, stage.at(-20, 12))
    for delivery in deliveries:
        stage.slip(delivery, 20, on=-1, reason="production", told=False)
    return order


@mail("the delivery was cancelled, in the United States: no date, silence cancels")
def no_date(stage: Stage) -> Order:
    order, delivery = _waiting(stage, days=15)
    services.cancel_restock(delivery, now=stage.at(-1))
    stage.review(delivery.product, stage.at(-1, 11))
    return order


@mail("no date any more, in Germany")
def no_date_eu(stage: Stage) -> Order:
    order, delivery = _waiting(stage, days=15, country="DE", name="Maren Fischer")
    services.cancel_restock(delivery, now=stage.at(-1))
    stage.review(delivery.product, stage.at(-1, 11))
    return order


@mail("later, and with chances instead of a date")
def later_with_chances(stage: Stage) -> Order:
    order, delivery = _waiting(stage, days=10)
    services.cancel_restock(delivery, now=stage.at(-1))
    stage.due(delivery.product, 40, 60, by=ERRATIC, said=-1)
    stage.review(delivery.product, stage.at(-1, 11))
    return order


@mail("earlier than told")
def earlier(stage: Stage) -> Order:
    order, delivery = _waiting(stage, days=45)
    stage.slip(delivery, 8, on=-1, reason="supplier_early", told=False)
    return order


@mail("earlier, and still later than the day to answer by: the question comes second")
def earlier_and_still_asked(stage: Stage) -> Order:
    order, delivery = _waiting(stage, days=75)
    stage.slip(delivery, 50, on=-1, reason="supplier_early", told=False)
    return order


@mail("the agreed date has passed, in Germany: the customer may cancel")
def day_passed(stage: Stage) -> Order:
    product = _product(stage, "Harbour lamp, brass")
    delivery = stage.due(product, -20, 60, said=-70)
    order = _place(stage, product, days=-45, country="DE", name="Maren Fischer")
    stage.slip(delivery, 30, on=-30, reason="production")
    services.say_day_passed(now=stage.now)
    return order


@mail("no change for a fortnight")
def on_track(stage: Stage) -> Order:
    order, _ = _waiting(stage, days=12)
    services.reassure(now=stage.now)
    return order


@mail("the first mail is a delay: page and date changed before it went out")
def first_mail_is_a_delay(stage: Stage) -> Order:
    product = _product(stage, "Harbour lamp, brass")
    delivery = stage.due(product, 5, 60)
    order = _place(stage, product, days=-2, told=False)
    stage.slip(delivery, 40, on=-1, reason="supplier_late", told=False)
    return order


@mail("the page changed twice before a mail went out")
def last_told(stage: Stage) -> Order:
    order, delivery = _waiting(stage, days=5)
    stage.slip(delivery, 25, on=-1, reason="transport", told=False, hour=9)
    stage.slip(delivery, 60, on=-1, reason="customs", told=False, hour=14)
    return order


@mail("a reminder that an answer is needed")
def reminder(stage: Stage) -> Order:
    product = _product(stage, "Tideline wool blanket")
    delivery = stage.due(product, -30, 60, said=-70)
    order = _place(stage, product, days=-50)
    stage.slip(delivery, 0, on=-34, reason="customs")
    stage.slip(delivery, 30, on=-20, reason="transport")
    services.remind(now=stage.now)
    return order


@mail("the last reminder that an answer is needed")
def last_reminder(stage: Stage) -> Order:
    product = _product(stage, "Tideline wool blanket")
    delivery = stage.due(product, -30, 60, said=-70)
    order = _place(stage, product, days=-50)
    stage.slip(delivery, -5, on=-34, reason="customs")
    stage.slip(delivery, 30, on=-20, reason="transport")
    services.remind(now=stage.now)
    return order


@mail("arrived in part")
def arrived_in_part(stage: Stage) -> Order:
    product = _product(stage, "Shoreline bowl, set of four")
    delivery = stage.due(product, -1, 2)
    stage.due(product, 20, 40)
    order = _place(stage, product, 5)
    services.receive(product, 2, restock=delivery, now=stage.at(-1, 14))
    return order


@mail("arrived, but leaves later than told")
def packing_late(stage: Stage) -> Order:
    product = _product(stage, "Dune beach tent")
    delivery = stage.due(product, -5, 30, said=-50)
    order = _place(stage, product, days=-25)
    services.receive(product, 30, restock=delivery, now=stage.at(-5))
    stage.told(product, stage.at(-5, 11))
    services.keep_deadlines(now=stage.now)
    return order


def _shipped(
    stage: Stage,
    quantity: int = 1,
    units: int = 1,
    carrier: str = "UPS",
    number: str = "1Z9AA1000006042",
) -> Order:
    product = _product(stage, "Gull kettle, 1.5 litre")
    delivery = stage.due(product, -3, 20)
    order = _place(stage, product, quantity)
    services.receive(product, 20, restock=delivery, now=stage.at(-2, 11))
    stage.told(product, stage.at(-2, 12))
    services.ship(
        order,
        {_line(order).pk: units},
        now=stage.at(-1, 16),
        carrier=carrier,
        tracking_number=number,
    )
    return order


@mail("shipped with a carrier whose pages we don't know")
def shipped_untracked(stage: Stage) -> Order:
    return _shipped(stage, carrier="Nordfracht", number="NF-17")


@mail("shipped in part, in two parcels")
def shipped_in_two_parcels(stage: Stage) -> Order:
    order = _shipped(stage, 5, 2)
    services.ship(
        order,
        {_line(order).pk: 2},
        now=stage.at(-1, 17),
        carrier="UPS",
        tracking_number="1Z9AA1000006043",
    )
    return order


@mail("a parcel recorded by mistake")
def corrected_shipment(stage: Stage) -> Order:
    order = _shipped(stage)
    stage.told(_line(order).product, stage.at(-1, 17))
    services.correct_shipment(order.shipments.get(), now=stage.now)
    return order


@mail("counted wrongly: taken back")
def corrected_receipt(stage: Stage) -> Order:
    product = _product(stage, "Marram rug, 140 × 200")
    delivery = stage.due(product, -1, 20)
    stage.due(product, 25, 40)
    order = _place(stage, product)
    receipt = services.receive(product, 20, restock=delivery, now=stage.at(-1))
    stage.told(product, stage.at(-1, 11))
    services.correct_receipt(receipt, 0, now=stage.now, reason="counted twice")
    return order


@mail("cancelled in part by staff")
def cancelled_in_part(stage: Stage) -> Order:
    order, _ = _waiting(stage, quantity=5)
    services.cancel(order, units={_line(order).pk: 2}, now=stage.now, by="staff")
    return order


@mail("cancelled by the shop")
def cancelled_by_shop(stage: Stage) -> Order:
    order, _ = _waiting(stage)
    services.cancel(order, now=stage.now, by="staff")
    return order


@mail("cancelled by the shop, which knows what was paid")
def cancelled_with_its_refund(stage: Stage) -> Order:
    order, _ = _waiting(stage, quantity=2)
    stage.as_in_the_shop(order, "59.00")
    services.cancel(order, now=stage.now, by="discontinued")
    return order


@mail("just cancelled by the customer: it can be undone")
def cancelled_a_moment_ago(stage: Stage) -> Order:
    order, _ = _waiting(stage)
    services.answer(order, _line(order).pk, "cancel", now=stage.now)
    return order


@mail("the link that may act, asked for on a view-only page")
def link_asked(stage: Stage) -> Order:
    order, delivery = _waiting(stage)
    stage.told(delivery.product, stage.at(-1))
    services.ask_for_link(order, now=stage.now)
    return order


@mail("a withdrawal acknowledged, in Germany")
def withdrawn(stage: Stage) -> Order:
    order, _ = _waiting(stage, country="DE", name="Maren Fischer")
    services.answer(order, _line(order).pk, "withdraw", now=stage.now)
    return order


@mail("a customer keeps the place without a date")
def kept_without_a_date(stage: Stage) -> Order:
    order = no_date(stage)
    stage.told(_line(order).product, stage.at(-1, 12))
    services.answer(order, _line(order).pk, "keep", now=stage.now)
    return order


@mail("put back after a cancellation")
def put_back(stage: Stage) -> Order:
    order, delivery = _waiting(stage)
    services.cancel(order, now=stage.at(-1), by="customer")
    stage.told(delivery.product, stage.at(-1, 11))
    services.return_to_queue(_line(order), 1, now=stage.now)
    return order


@mail("several news in one mail: one line shipped, one later, one waits on")
def several_news(stage: Stage) -> Order:
    lamp, rug, chair = (
        _product(stage, name) for name in ("Harbour lamp, brass", LONG_NAME, "Driftwood deck chair")
    )
    lamps, rugs = stage.due(lamp, -2, 10), stage.due(rug, 1, 30)
    stage.due(chair, 30, 30)
    order = services.place_order(
        stage.new({lamp: 2, rug: 1, chair: 4}, at=stage.at(-20)), now=stage.at(-20, 11)
    )
    stage.told(lamp, stage.at(-20, 12))
    services.receive(lamp, 10, restock=lamps, now=stage.at(-2))
    stage.told(lamp, stage.at(-2, 11))
    lines = {line.product_id: line.pk for line in order.lines.all()}
    services.ship(
        order,
        {lines[lamp.pk]: 2},
        now=stage.at(-1),
        carrier="DHL",
        tracking_number="JD014600003213425631",
    )
    stage.slip(rugs, 21, on=-1, reason="quality", told=False, hour=12)
    return order


@mail("twelve products joined in one order")
def joined_with_twelve_products(stage: Stage) -> Order:
    goods = {_product(stage, f"Tumbler no. {n}, smoke glass"): n for n in range(1, 13)}
    for product in goods:
        stage.due(product, 14, 40)
    return services.place_order(stage.new(goods, at=stage.at(-1)), now=stage.at(-1, 11))


@mail("a first mail with picture, variant, price and total")
def joined_with_prices(stage: Stage) -> Order:
    product = _product(stage, "Harbour lamp, brass")
    stage.due(product, 14, 40)
    return stage.as_in_the_shop(_place(stage, product, 2, days=-1, told=False), "59.00")


@mail("three products joined: one has a date, one has none, one is here")
def joined_with_different_fates(stage: Stage) -> Order:
    lamp, stove, kettle = (
        _product(stage, name)
        for name in ("Harbour lamp, brass", "Skerry camp stove", "Gull kettle, 1.5 litre")
    )
    stage.due(lamp, 14, 40)
    stage.review(stove, stage.at(-2))
    services.receive(kettle, 3, now=stage.at(-2))
    goods = {lamp: 1, stove: 1, kettle: 1}
    return services.place_order(stage.new(goods, at=stage.at(-1)), now=stage.at(-1, 11))


@mail("odd characters in name and number")
def odd_characters(stage: Stage) -> Order:
    product = _product(stage, "“Gull & Sons” <kettle>, 1.5 ℓ ½ – غلاية النورس")
    stage.due(product, 14, 40)
    stage.number = ODD_NUMBER
    return _place(stage, product, days=-1, told=False, name="Ægir-Þór O’Neill & <b>Söhne</b>")


@mail("a message of the shop to those who wait for a delivery")
def from_shop(stage: Stage) -> Order:
    order, delivery = _waiting(stage)
    stage.write(delivery, "The ship left Ningbo on Monday.", days=0)
    return order
