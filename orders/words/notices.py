"""What a delay asks of the customer, in words: generated from the codes of a notice, never typed by
staff."""

from datetime import date, timedelta

from babel import Locale
from django.utils.translation import gettext, ngettext

from orders.domain.delay_rules import Jurisdiction, Sentence, Silence
from orders.domain.money import Money
from orders.domain.supply import NAMES_A_DAY
from orders.law import law_of
from orders.models import DelayNotice, OrderLine
from orders.transit import arrives_by
from orders.words.days import day_words, in_language, number_words
from orders.words.money import money_in

DAYS_OF_WEEK = 7
OF_THE_DAY_AGREED = (Sentence.ORIGINAL_STANDS, Sentence.DATE_MISSED)
CANCELS = (Sentence.SILENCE_CANCELS, Sentence.SILENCE_CANCELS_AGAIN)
OF_ITS_DATE = (Sentence.REVISED_DATE, Sentence.DELAY_LENGTH, Sentence.CANNOT_SAY, Sentence.CHECKING)


def notice_sentences(
    notice: DelayNotice,
    *,
    locale: str,
    today: date,
    tells: bool = False,
    agreed_by: date | None = None,
    overtaken: bool = False,
    day_said: bool = False,
    passed: bool = False,
    reserved: int = 0,
) -> list[str]:
    """Kindness first, then what silence means, then the rest, as the law of the customer's country
    asks. No deadline is named that does not bind; `tells`: it will by this message.

    Two codes have no sentence here: the reason is in the sentence of the event, and withdrawing is
    a link. `agreed_by`: the agreed date as it is today; once it has passed, the sentence says so.
    `overtaken`: there is a newer promise, so the notice still asks, and its date is not named
    again; `day_said`: nor is it where it is the day to ship that has just been said. `passed`: the
    email has just said that the agreed date has passed, and what to choose from. `reserved`: units
    reserved for the same line, beside those asked about.
    """
    with in_language(locale) as dates:
        binds = tells or notice.binds
        words = _Words(notice, today, dates, binds=binds, agreed_by=agreed_by, reserved=reserved)
        codes = [
            code
            for code in sorted(notice.sentences, key=_comes_later)
            if binds or _is_not_silence(code)
        ]
        left_out = {
            *(OF_THE_DAY_AGREED if words.is_free else ()),
            *(OF_ITS_DATE if overtaken else ()),
            *([Sentence.REVISED_DATE] if day_said and words.rules.counts != "delivery" else ()),
            *([Sentence.CHOICE] if passed else ()),
        }
        kindness = "" if passed and words.is_free else words.kindness()
        said = [kindness, *(words.of(code) for code in codes if code not in left_out)]
        return [sentence for sentence in said if sentence]


def agreed_sentence(line: OrderLine, *, locale: str, today: date) -> str:
    """The agreed date, before anything is ever counted from it; nothing where the promise comes to
    that very day, where it has passed, and where no day is agreed."""
    agreed_by, promise = line.agreed_by, line.promise
    if line.open_wait or not line.open_units or promise is None:
        return ""
    if agreed_by is None or agreed_by < today:
        return ""
    country = line.order.country
    of_delivery = law_of(country, line.order.region).rules.counts == "delivery"
    told = promise.late if promise.kind in NAMES_A_DAY else None
    if told and agreed_by in (told, arrives_by(told, country) if of_delivery else told):
        return ""
    with in_language(locale) as dates:
        words = (
            gettext(
                "It must be with you by %(day)s, the agreed date, unless you accept a later one."
            )
            if of_delivery
            else gettext("It must ship by %(day)s, the agreed date, unless you accept a later one.")
        )
        return words % {"day": day_words(agreed_by, today=today, locale=dates)}


def silence_sentence(notice: DelayNotice, *, locale: str, today: date, reserved: int = 0) -> str:
    """What it means when this notice is not answered; each names that condition itself."""
    with in_language(locale) as dates:
        words = _Words(notice, today, dates, reserved=reserved)
        codes = [code for code in notice.sentences if notice.binds and not _is_not_silence(code)]
        said = " ".join(words.of(code) for code in codes) or words.of(_keeps_place(notice))
        return said or gettext(
            "If you do nothing, nothing changes: you'll keep your place in line."
        )


def keep_question(notice: DelayNotice, *, locale: str, today: date, overtaken: bool = False) -> str:
    """What the button that keeps the order asks, for a heading: it is read before anything is done.
    `overtaken`: there is a newer promise, so its day is not the new one."""
    with in_language(locale) as dates:
        if notice.consent_to is None:
            return gettext("Keep your order and wait without a fixed date?")
        words = (
            gettext("Keep your order and wait until %(day)s at the latest?")
            if overtaken
            else gettext("Keep your order and accept the new date, %(day)s?")
        )
        return words % {"day": day_words(notice.consent_to, today=today, locale=dates)}


def beside_keep_question(
    notice: DelayNotice, *, locale: str, today: date, shows_day: bool = False
) -> str:
    """What that does not say yet. `shows_day`: the page shows the day of a newer promise."""
    if notice.consent_to:
        return ""
    with in_language(locale) as dates:
        estimate = gettext("The date shown is our current estimate, not a commitment.")
        any_time = _Words(notice, today, dates).any_time()
        return f"{estimate} {any_time}" if shows_day else any_time


def consent_sentence(notice: DelayNotice, *, locale: str, today: date) -> str:
    """What putting back agrees to."""
    with in_language(locale) as dates:
        if notice.consent_to is None:
            said = gettext("You'll agree to wait without a fixed date.")
            return f"{said} {_Words(notice, today, dates).any_time()}"
        words = gettext("You'll agree to the new date, %(day)s.")
        return words % {"day": day_words(notice.consent_to, today=today, locale=dates)}


def outcome_sentence(
    done: str,
    *,
    units: int,
    refund_by: date | None,
    refund: Money | None,
    withdrawn: bool,
    mailed: bool,
    locale: str,
    today: date,
) -> str:
    """What a customer's answer did (orders.services.Answered), for the page that follows it.
    `refund`: None where no amount is known."""
    with in_language(locale) as dates:
        words = {
            "units": number_words(units, locale=dates),
            "day": day_words(refund_by, today=today, locale=dates) if refund_by else "",
            "amount": money_in(refund, dates) if refund else "",
        }
        outcomes = _outcomes(units, withdrawn=withdrawn, amount_known=refund is not None)
        said = outcomes[done] % words
        confirmed = done == "cancelled" and mailed
        return " ".join((said, gettext("We'll confirm by email."))) if confirmed else said


def _canceled(units: int, *, withdrawn: bool) -> str:
    if withdrawn:
        return ngettext(
            "You have withdrawn from the contract for %(units)s item. We'll send your refund by "
            "%(day)s.",
            "You have withdrawn from the contract for %(units)s items. We'll send your refund by "
            "%(day)s.",
            units,
        )
    return ngettext(
        "%(units)s item is canceled. We'll send your refund by %(day)s.",
        "%(units)s items are canceled. We'll send your refund by %(day)s.",
        units,
    )


def _canceled_for(units: int, *, withdrawn: bool) -> str:
    """The same where the amount is known."""
    if withdrawn:
        return ngettext(
            "You have withdrawn from the contract for %(units)s item. We'll refund %(amount)s to "
            "your original payment method by %(day)s.",
            "You have withdrawn from the contract for %(units)s items. We'll refund %(amount)s to "
            "your original payment method by %(day)s.",
            units,
        )
    return ngettext(
        "%(units)s item is canceled. We'll refund %(amount)s to your original payment method by "
        "%(day)s.",
        "%(units)s items are canceled. We'll refund %(amount)s to your original payment method by "
        "%(day)s.",
        units,
    )


def _outcomes(units: int, *, withdrawn: bool, amount_known: bool) -> dict[str, str]:
    canceled = (_canceled_for if amount_known else _canceled)(units, withdrawn=withdrawn)
    return {
        "kept": gettext("Thank you. You're keeping your place in line."),
        "already_kept": gettext("You'd already told us: you're keeping your place in line."),
        "nothing_asked": gettext("There was nothing to answer: you're keeping your place in line."),
        "cancelled": canceled,
        "already_cancelled": gettext("This was already canceled, so nothing more has changed."),
        "put_back": gettext("Welcome back: you're in your old place in line."),
    }


def _is_not_silence(code: str) -> bool:
    return code not in (
        Sentence.SILENCE_CONSENTS,
        Sentence.SILENCE_CANCELS,
        Sentence.SILENCE_CANCELS_AGAIN,
    )


def _comes_later(code: str) -> bool:
    """What silence means comes right after the kind word; sorting keeps the order of the others."""
    return _is_not_silence(code) and code != Sentence.SILENCE_KEEPS_PLACE


def _keeps_place(notice: DelayNotice) -> str:
    return Sentence.SILENCE_KEEPS_PLACE if Sentence.SILENCE_KEEPS_PLACE in notice.sentences else ""


class _Words:
    """The sentences of one notice, in the language that is active."""

    def __init__(
        self,
        notice: DelayNotice,
        today: date,
        dates: Locale,
        *,
        binds: bool = True,
        agreed_by: date | None = None,
        reserved: int = 0,
    ) -> None:
        self.notice, self.today, self.dates, self.binds = notice, today, dates, binds
        self.agreed_by, self.reserved = agreed_by, reserved
        self.rules = Jurisdiction(notice.jurisdiction).rules

    def of(self, code: str) -> str:
        match code:
            case Sentence.REVISED_DATE:
                return self._revised()
            case Sentence.DELAY_LENGTH:
                return self._length()
            case Sentence.PROMPT_REFUND:
                return self._refund()
            case Sentence.CANCEL_ANY_TIME:
                return self.any_time()
            case Sentence.ORIGINAL_STANDS if self.agreed_by:
                return self._stands(self.agreed_by)
        said = self._fixed().get(code, "") % {"day": self._day(self.notice.answer_by)}
        return f"{said} {self._spares()}" if code in CANCELS and self.reserved else said

    def kindness(self) -> str:
        """What comes first: that the day agreed has passed, where it has and that frees the
        customer."""
        if self.is_free:
            return self._fixed()[Sentence.DATE_MISSED]
        if not self.binds and self.notice.silence:
            return gettext("Happy to wait? Your place is kept for you.")
        match self.notice.silence:
            case Silence.CONSENT:
                return gettext("Happy to wait? You don't need to do anything.")
            case Silence.CANCEL:
                return gettext(
                    "Without your OK, we are legally required to cancel it and refund you."
                )
            case Silence.KEEPS_PLACE:
                return gettext("Happy to wait? Your place is kept for you.")
        return gettext("We're sorry.") if self.notice.cancels_now else ""

    @property
    def is_free(self) -> bool:
        passed = self.agreed_by is not None and self.today > self.agreed_by
        return Sentence.DATE_MISSED in self.notice.sentences or (
            passed and Sentence.ORIGINAL_STANDS in self.notice.sentences
        )

    def _spares(self) -> str:
        return ngettext(
            "This applies only to what has not arrived. The %(units)s item reserved for you stays "
            "reserved.",
            "This applies only to what has not arrived. The %(units)s items reserved for you stay "
            "reserved.",
            self.reserved,
        ) % {"units": number_words(self.reserved, locale=self.dates)}

    def any_time(self) -> str:
        return gettext("You can still cancel at any time before it ships.")

    def _stands(self, agreed_by: date) -> str:
        words = gettext(
            "You are still entitled to the agreed date, %(day)s, unless you accept a new one."
        )
        return words % {"day": self._day(agreed_by)}

    def _fixed(self) -> dict[str, str]:
        return {
            Sentence.SILENCE_CONSENTS: gettext(
                "If we do not hear from you by %(day)s, or before we ship if that is earlier, we "
                "will assume that you agree to the new date."
            ),
            Sentence.SILENCE_CANCELS: gettext(
                "If we do not receive your agreement by %(day)s, and it has not shipped by then, "
                "we will cancel it and refund you in full."
            ),
            Sentence.SILENCE_CANCELS_AGAIN: gettext(
                "If you do not agree by %(day)s, and it has not shipped by then, we will cancel it "
                "and refund you in full."
            ),
            Sentence.CANCELLED: gettext(
                "The agreed date has passed, so we are legally required to cancel this."
            ),
            Sentence.CANNOT_SAY: gettext(
                "We cannot say how long it will take: no delivery that we can rely on covers your "
                "order yet."
            ),
            Sentence.CHECKING: gettext(
                "We cannot say how long it will take: we are checking with our warehouse."
            ),
            Sentence.CHOICE: gettext("You can keep your place or cancel. Both are free."),
            Sentence.ORIGINAL_STANDS: gettext(
                "You are still entitled to the agreed date, unless you accept a new one."
            ),
            Sentence.DATE_MISSED: gettext(
                "We're sorry: the agreed date has passed, so you can cancel right away if you wish."
            ),
            Sentence.SILENCE_KEEPS_PLACE: gettext(
                "If you do not reply, you keep your place, and we will not treat that as agreement "
                "to the new date."
            ),
        }

    def _revised(self) -> str:
        day = {"day": self._day(self.notice.late)}
        if self.rules.counts == "delivery":
            return gettext("The new date: with you by %(day)s, including delivery time.") % day
        return gettext("The new date: it ships by %(day)s.") % day

    def _length(self) -> str:
        days = self.notice.delay_days
        if not days:
            return ""
        weeks, rest = divmod(days, DAYS_OF_WEEK)
        if rest:
            words = ngettext(
                "That is a delay of %(number)s day from %(day)s, the date that applied until now. "
                "If you would rather not wait, we offer you a full refund.",
                "That is a delay of %(number)s days from %(day)s, the date that applied until now. "
                "If you would rather not wait, we offer you a full refund.",
                days,
            )
        else:
            words = ngettext(
                "That is a delay of %(number)s week from %(day)s, the date that applied until "
                "now. If you would rather not wait, we offer you a full refund.",
                "That is a delay of %(number)s weeks from %(day)s, the date that applied until "
                "now. If you would rather not wait, we offer you a full refund.",
                weeks,
            )
        known = self.notice.late and self.notice.late - timedelta(days=days)
        return words % {
            "number": number_words(days if rest else weeks, locale=self.dates),
            "day": self._day(known),
        }

    def _refund(self) -> str:
        """In working days where the rule counts those."""
        days = {"days": number_words(self.rules.refund_days, locale=self.dates)}
        working = bool(self.rules.refund_calendar)
        if self.notice.cancels_now and Sentence.CHOICE not in self.notice.sentences:
            return (
                ngettext(
                    "You will get a prompt and full refund, within %(days)s working day.",
                    "You will get a prompt and full refund, within %(days)s working days.",
                    self.rules.refund_days,
                )
                if working
                else ngettext(
                    "You will get a prompt and full refund, within %(days)s day.",
                    "You will get a prompt and full refund, within %(days)s days.",
                    self.rules.refund_days,
                )
            ) % days
        return (
            ngettext(
                "If you cancel, you will get a prompt and full refund, within %(days)s working "
                "day.",
                "If you cancel, you will get a prompt and full refund, within %(days)s working "
                "days.",
                self.rules.refund_days,
            )
            if working
            else ngettext(
                "If you cancel, you will get a prompt and full refund, within %(days)s day.",
                "If you cancel, you will get a prompt and full refund, within %(days)s days.",
                self.rules.refund_days,
            )
        ) % days

    def _day(self, day: date | None) -> str:
        return day_words(day, today=self.today, locale=self.dates) if day else ""
