"""What a delay asks of the customer, in words: generated from the codes of a notice, never typed by
staff."""

from datetime import date, timedelta

from babel import Locale
from django.utils.translation import gettext, ngettext

from orders.domain.delay_rules import Jurisdiction, Sentence, Silence
from orders.models import DelayNotice
from orders.words.agreements import any_time
from orders.words.days import day_words, in_language, number_words

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


def silence_sentence(notice: DelayNotice, *, locale: str, today: date, reserved: int = 0) -> str:
    """What it means when this notice is not answered; each names that condition itself."""
    with in_language(locale) as dates:
        words = _Words(notice, today, dates, reserved=reserved)
        codes = [code for code in notice.sentences if notice.binds and not _is_not_silence(code)]
        said = " ".join(words.of(code) for code in codes) or words.of(_keeps_place(notice))
        return said or gettext(
            "If you do nothing, nothing changes: you'll keep your place in line."
        )


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
                return any_time()
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
            Sentence.SILENCE_KEEPS_PLACE: self._keeps(),
        }

    def _keeps(self) -> str:
        if self.notice.consent_to is None:
            return gettext(
                "If you do not reply, you keep your place, and we will not treat that as agreement "
                "to wait."
            )
        return gettext(
            "If you do not reply, you keep your place, and we will not treat that as agreement to "
            "the new date."
        )

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
