"""Everything a customer reads that is not fixed text of a template: the same words on the page, in
email and for staff."""

from orders.words.agreements import (
    agreed_sentence,
    beside_keep_question,
    consent_sentence,
    keep_question,
    passed_sentence,
)
from orders.words.arrivals import arrival_sentence
from orders.words.bidi import isolated
from orders.words.days import (
    clock_words,
    day_words,
    in_language,
    is_spoken,
    language_for,
    locale_there,
    moment_words,
    number_words,
    ordinal,
    share_words,
    shop_days_sentence,
    zone_of,
)
from orders.words.events import (
    crossed_sentence,
    note_words,
    sentence,
    sentences,
    still_sentence,
    told_sentence,
    why_sentence,
)
from orders.words.lines import line_briefly, split_sentence, units_of
from orders.words.money import money_words
from orders.words.notices import (
    notice_sentences,
    silence_sentence,
)
from orders.words.offers import spoken_for_sentence
from orders.words.outcomes import outcome_sentence
from orders.words.places import dates_kept_sentence, place_sentence
from orders.words.queue_changes import queue_change_sentence
from orders.words.support import reply_within_sentence, support_times
from orders.words.tracking import tracking_link
from orders.words.windows import (
    WindowWords,
    checking_sentence,
    meanwhile_sentence,
    next_word_sentence,
    why_chances_sentence,
    window_in,
    window_of,
    window_parts,
    window_sentence,
    window_words,
)

__all__ = [
    "WindowWords",
    "agreed_sentence",
    "arrival_sentence",
    "beside_keep_question",
    "checking_sentence",
    "clock_words",
    "consent_sentence",
    "crossed_sentence",
    "dates_kept_sentence",
    "day_words",
    "in_language",
    "is_spoken",
    "isolated",
    "keep_question",
    "language_for",
    "line_briefly",
    "locale_there",
    "meanwhile_sentence",
    "moment_words",
    "money_words",
    "next_word_sentence",
    "note_words",
    "notice_sentences",
    "number_words",
    "ordinal",
    "outcome_sentence",
    "passed_sentence",
    "place_sentence",
    "queue_change_sentence",
    "reply_within_sentence",
    "sentence",
    "sentences",
    "share_words",
    "shop_days_sentence",
    "silence_sentence",
    "split_sentence",
    "spoken_for_sentence",
    "still_sentence",
    "support_times",
    "told_sentence",
    "tracking_link",
    "units_of",
    "why_chances_sentence",
    "why_sentence",
    "window_in",
    "window_of",
    "window_parts",
    "window_sentence",
    "window_words",
    "zone_of",
]
