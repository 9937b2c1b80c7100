"""From one line's situation to its case in the table, and what that case asks for."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from orders.domain.delay_rules.jurisdictions import Case, Jurisdiction, Rules, Silence

DAYS_TO_SHIP = timedelta(days=30)  # where no day was stated when ordering
SHORT_DELAY = timedelta(days=30)  # of a first delay, beyond the original day


class Sentence(StrEnum):
    """What a message has to say; the wording is generated from these codes, never typed."""

    CANCELLED = "cancelled"
    REVISED_DATE = "revised_date"
    DELAY_LENGTH = "delay_length"  # Decision.delay_days, as days or weeks
    CANNOT_SAY = "cannot_say_how_long"
    CHECKING = "checking"  # the same of what is set aside: it should have left
    REASON = "reason"
    CHOICE = "choice"  # keep or cancel, at no cost
    PROMPT_REFUND = "prompt_refund"
    SILENCE_CONSENTS = "silence_consents"  # by Decision.answer_by
    SILENCE_CANCELS = "silence_cancels"  # "If we do not receive your agreement by {answer_by} ..."
    SILENCE_CANCELS_AGAIN = "silence_cancels_again"  # "Unless you agree by {answer_by} ..."
    # without "keep" the agreed date stands, and the customer may cancel
    ORIGINAL_STANDS = "original_date_stands"
    DATE_MISSED = "date_missed"  # the same once that day has passed
    SILENCE_KEEPS_PLACE = "silence_keeps_place"
    CANCEL_ANY_TIME = "cancel_any_time"
    WITHDRAW = "withdraw"  # the link "withdraw from contract here"


@dataclass(frozen=True, slots=True)
class NoticeTold:
    """The newest delay notice of a line that counts: handed over, not bounced, and `adequate`.

    `late` is the last day of its window (None: it named no day), `cancels_on` its
    Decision.cancels_on, `kept` whether the customer answered it with "keep".
    """

    late: date | None
    cancels_on: date | None = None
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """What the law looks at when a line's window is `late` from now on. All days as `counted_day`
    gives them.

    `stated_by` was stated when ordering; `agreed_by` is the day agreed to since (None: none);
    `open_wait` says that the customer expressly agreed to wait without a day. `late` is None where
    no last day is known. `today` is `latest_day` of the shipping country, `ordered_on` its
    `earliest_day`. `set_aside`: all that is to come is here, and only has to ship. `unread`: the
    agreed day is the law's alone, and had passed before the order reached us, so nobody ever read
    it.
    """

    jurisdiction: Jurisdiction
    ordered_on: date
    late: date | None
    today: date
    stated_by: date | None = None
    agreed_by: date | None = None
    open_wait: bool = False
    told: NoticeTold | None = None
    will_ship: bool = True
    set_aside: bool = False
    unread: bool = False

    @property
    def original(self) -> date:
        return self.stated_by or self.ordered_on + DAYS_TO_SHIP

    @property
    def agreed(self) -> date:
        return self.agreed_by or self.original


@dataclass(frozen=True, slots=True)
class Decision:
    """What a message that tells the window has to be.

    case: None where the deadline of the last notice has passed: its silence is to be applied, there
    is nothing to ask. notice_by: the last day on which the message is a notice in time; None where
    no notice is due. silence, answer_by: what no answer by the end of that day means; None where
    nothing is asked, or by no day. Where silence keeps what is set aside, answer_by is the day
    after which the law wants consent even so: staff see to that. consent_to: the day that consent,
    by "keep" or by silence in case A, makes the agreed day; None: a wait without one. delay_days:
    days from the last day the customer knew of to the new one.
    """

    case: Case | None
    notice_by: date | None = None
    silence: Silence | None = None
    answer_by: date | None = None
    consent_to: date | None = None
    delay_days: int | None = None
    cancel_now: bool = False
    sentences: tuple[Sentence, ...] = ()

    @property
    def notice_due(self) -> bool:
        return self.notice_by is not None

    @property
    def cancels_on(self) -> date | None:
        return self.answer_by if self.silence is Silence.CANCEL else None


def decide(situation: Situation) -> Decision:
    """Total: every situation has a decision."""
    case, rules = _case(situation), situation.jurisdiction.rules
    silence = rules.silence.get(case) if case else None
    match case:
        case Case.A | Case.B | Case.C | Case.D:
            return _ask(situation, case, rules)
        case Case.H if silence:
            return _ask(situation, case, rules)
        case Case.G | Case.H:
            return Decision(
                case,
                notice_by=situation.today if case is Case.G else _stands_until(situation),
                cancel_now=True,
                sentences=(Sentence.CANCELLED, Sentence.PROMPT_REFUND),
            )
        case Case.F:
            return Decision(case, silence=silence, sentences=(Sentence.CANCEL_ANY_TIME,))
    return Decision(case)


def _case(s: Situation) -> Case | None:
    if not s.will_ship:
        return Case.G
    if s.open_wait:
        return Case.F
    stands_until, known = _stands_until(s), _known(s)
    asked = s.told is not None and not s.told.kept and s.told.cancels_on is not None
    if stands_until is not None and s.today > stands_until:
        return None if asked else Case.H
    if (
        asked
        and s.set_aside
        and (s.late is None or (stands_until is not None and s.late > stands_until))
    ):
        # What was asked while it waited is no longer asked. It is asked again where consent is
        # still needed.
        return Case.D
    if known is None or (s.late is not None and s.late <= known):
        return Case.I if s.agreed == s.original else Case.E
    if s.told is not None or s.agreed != s.original:
        return Case.D
    if s.late is None:
        return Case.C
    return Case.A if s.late <= s.original + SHORT_DELAY else Case.B


def _known(s: Situation) -> date | None:
    """The last day the customer agreed to or was told; a later one is a delay. None: they were told
    that nobody knows."""
    if s.told is None or s.told.kept:
        return s.agreed
    return s.told.late and max(s.agreed, s.told.late)


def _stands_until(s: Situation) -> date | None:
    """The last day on which the order stands without further word from anybody. None: they were
    told that nobody knows."""
    if s.told is None or s.told.kept:
        return s.agreed
    # Where silence cancels, a further delay does not give the first notice's deadline more time.
    end = s.told.cancels_on or s.told.late
    return end and max(s.agreed, end)


def _ask(s: Situation, case: Case, rules: Rules) -> Decision:
    known, stands_until, silence = _known(s), _stands_until(s), rules.silence[case]
    answer_by = None
    if silence is Silence.CONSENT:
        answer_by = s.late
    elif silence is Silence.CANCEL:
        answer_by = stands_until if case is Case.D else s.original + SHORT_DELAY
    if silence is Silence.CANCEL and s.set_aside:
        silence = Silence.KEEPS_PLACE
    return Decision(
        case,
        notice_by=stands_until,
        silence=silence,
        answer_by=answer_by,
        consent_to=s.late,
        delay_days=(s.late - known).days if s.late and known and s.late > known else None,
        sentences=(
            *_when(s, rules),
            Sentence.CHOICE,
            Sentence.PROMPT_REFUND,
            *_otherwise(s, case, silence, rules),
        ),
    )


def _when(s: Situation, rules: Rules) -> tuple[Sentence, ...]:
    if s.late is None:
        return (Sentence.CHECKING if s.set_aside else Sentence.CANNOT_SAY, Sentence.REASON)
    return (
        (Sentence.REVISED_DATE, Sentence.DELAY_LENGTH)
        if rules.delay_length
        else (Sentence.REVISED_DATE,)
    )


def _otherwise(s: Situation, case: Case, silence: Silence, rules: Rules) -> tuple[Sentence, ...]:
    """What no answer means, and the ways out that stay open."""
    if silence is Silence.KEEPS_PLACE:
        stands = Sentence.DATE_MISSED if s.today > s.agreed else Sentence.ORIGINAL_STANDS
        return (
            *(() if s.unread else (stands,)),
            Sentence.SILENCE_KEEPS_PLACE,
            Sentence.CANCEL_ANY_TIME,
            *((Sentence.WITHDRAW,) if rules.withdrawal else ()),
        )
    if silence is Silence.CONSENT:
        return (Sentence.SILENCE_CONSENTS,)
    cancels = Sentence.SILENCE_CANCELS_AGAIN if case is Case.D else Sentence.SILENCE_CANCELS
    return (cancels, Sentence.CANCEL_ANY_TIME) if s.late is None else (cancels,)
