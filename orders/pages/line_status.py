"""A line of an order as its customer's pages show it, as a frozen value."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from orders.domain.money import Money
from orders.pages.choices import Asked
from orders.pages.parcels import Parcel
from orders.pages.promised import Promised, WindowTold
from orders.pages.standing import Standing, restocks_of_mine
from orders.pages.timeline import Change


@dataclass(frozen=True, slots=True)
class NoteShown:
    """What the shop wrote to those who wait for a delivery. `picture`: its address, if any."""

    id: int
    at: datetime
    text: str
    picture: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class LineStatus:
    """`place` and `units_ahead` are None unless units wait; `joined_place`: the place when the
    line joined, if known; `agreed`: the agreed date in words, or that it has passed; `here_on`:
    the day units were last reserved for it; `cancelled_how`: in one sentence, if all of it was
    canceled at once; `cancellation`: what else was said about it last, and about its refund since;
    `crossed`: the same about one that a parcel crossed; `change`: what the promise before this one
    said, and why it changed; `asked`: an open notice that wants an answer; `undo_until`: until
    when its customer may undo a cancellation; `put_back`: what putting back agrees to, if silence
    canceled the line and its refund was not sent; `may_withdraw`: from the contract, by the law of
    the country; `former`: the windows told before, newest first; `next_word_by`: the day by which
    the customer hears from us about it; `standing`: who is ahead in units and which deliveries
    serve them, None if nothing waits; `note`: the newest of the shop to those who wait for its
    delivery; `arrives_by`: by when all of it should be with the customer, as far as a day is
    known."""

    id: int
    sku: str
    name: str
    quantity: int
    allocated: int
    shipped: int
    cancelled: int
    waiting: int
    state: str
    held: bool
    place: int | None
    units_ahead: int | None
    joined_place: int | None
    promised: Promised | None
    agreed_by: date | None
    agreed: str
    parcels: tuple[Parcel, ...]
    here_on: date | None
    cancelled_how: str
    cancellation: str
    change: Change | None
    asked: Asked | None
    put_back: str
    may_withdraw: bool
    next_word_by: date | None
    variant: str = ""
    image_url: str = ""
    unit_price: Money | None = None
    note: NoteShown | None = None
    arrives_by: date | None = None
    should_have_arrived: bool = False
    undo_until: datetime | None = None
    crossed: str = ""
    former: tuple[WindowTold, ...] = ()
    standing: Standing | None = None

    @property
    def open_units(self) -> int:
        """Units that have not left us and were not cancelled."""
        return self.waiting + self.reserved

    @property
    def reserved(self) -> int:
        return self.allocated - self.shipped

    @property
    def is_here(self) -> bool:
        """Whether all that is still to leave is set aside."""
        return self.reserved > 0 and not self.waiting

    @property
    def is_open(self) -> bool:
        return self.state not in ("shipped", "cancelled")

    @property
    def is_split(self) -> bool:
        """Whether its units have come to different ends so far."""
        return (
            sum(units > 0 for units in (self.shipped, self.reserved, self.waiting, self.cancelled))
            > 1
        )

    @property
    def may_be_parted(self) -> bool:
        """Whether what is still to leave may do so in several parcels: each part can go once it is
        here. What one delivery brings leaves together."""
        if self.open_units < 2 or not self.waiting or self.held:
            return False
        return self.reserved > 0 or self.standing is None or restocks_of_mine(self.standing) != 1

    @property
    def names_a_day(self) -> bool:
        """A last day: chances name none."""
        window = self.promised.window if self.promised else None
        return window is not None and window.late is not None and window.names_a_day

    @property
    def told_day(self) -> date | None:
        """The last day that was told before the present one."""
        return next((told.window.late for told in self.former if told.window.names_a_day), None)

    @property
    def withdrawn(self) -> date | None:
        """The day told before, where there is none any more."""
        if self.promised is None or self.promised.window.kind != "none":
            return None
        return self.told_day

    @property
    def moved_up(self) -> int:
        """By how many places it has come nearer since it joined."""
        return max((self.joined_place or 0) - self.place, 0) if self.place else 0

    @property
    def shipped_on(self) -> date | None:
        """The day on which all that has left did, if known."""
        days = {
            timezone.localtime(each.shipped_at).date() if each.shipped_at else None
            for each in self.parcels
        }
        return days.pop() if len(days) == 1 else None
