"""What customers write on the page Contact us is kept until the mail server has it. It goes to the
mailbox of support alone, at the pace and in the mode of all email."""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from notifications.compose.one_line import MAX_NUMBER_LENGTH, plain
from notifications.models import Inquiry
from notifications.transport.rates import Pacer, domain_of
from notifications.transport.smtp import MailServer, Outcome
from orders import services
from orders.access import Purpose, order_url

log = logging.getLogger(__name__)

PAUSE = timedelta(minutes=1)  # after trouble of the moment
LONG_PAUSE = timedelta(hours=1)  # after a refusal, which a person has to look into
ONLY_LOOKS = (
    "Written with a view-only link, which may have been shared. Make sure who it is before you\n"
    "change the order."
)
REFUSED = "a message of this customer was refused by the mailbox of support: look at SUPPORT_EMAIL"


def send_inquiries(server: MailServer, pace: Pacer, ends: float) -> bool:
    """All that are due. True: others should wait, because the mail server has trouble or is at its
    rate."""
    while Inquiry.objects.filter(next_try_at__lte=Now()).exists():
        if not pace.may_go(domain_of(settings.SUPPORT_EMAIL)):
            return False
        if not pace.wait_for_turn(ends):
            return True
        inquiry = _claim()
        if inquiry is None:
            return False
        reply = server.connect() or server.send(email_of(inquiry))
        if reply.outcome == Outcome.SENT:
            inquiry.delete()
            continue
        refused = reply.outcome == Outcome.FAILED
        Inquiry.objects.filter(pk=inquiry.pk).update(
            last_error=reply.detail, next_try_at=Now() + (LONG_PAUSE if refused else PAUSE)
        )
        if refused:
            log.error("inquiry %s was refused by the mailbox of support", inquiry.pk)
            if inquiry.order:
                services.flag(inquiry.order, [REFUSED])
        if reply.stop:
            return True
    return False


def _claim() -> Inquiry | None:
    """Nobody else takes it before a send that hangs has ended."""
    with transaction.atomic():
        due = Inquiry.objects.select_for_update(skip_locked=True, of=("self",))
        inquiry = due.filter(next_try_at__lte=Now()).select_related("order").order_by("pk").first()
        if inquiry:
            lease = timedelta(seconds=settings.MAIL_LEASE_SECONDS)
            Inquiry.objects.filter(pk=inquiry.pk).update(
                next_try_at=Now() + lease, attempts=F("attempts") + 1
            )
    return inquiry


def email_of(inquiry: Inquiry) -> EmailMultiAlternatives:
    """In English, for staff. Its Message-ID stays the same, so that one sent twice shows as one."""
    order = inquiry.order
    number = plain(order.number, MAX_NUMBER_LENGTH) if order else ""
    about = [f"Order {number}: {order_url(order, Purpose.LOOK)}", ""] if order else []
    about += [ONLY_LOOKS, ""] if inquiry.only_looks else []
    return EmailMultiAlternatives(
        subject=f"Order {number}: message from a customer" if order else "Message from a customer",
        body="\n".join([*about, inquiry.text, ""]),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[settings.SUPPORT_EMAIL],
        reply_to=[inquiry.answer_to],
        headers={
            "Message-ID": f"<inquiry-{inquiry.pk}@{settings.MAIL_MESSAGE_ID_DOMAIN}>",
            "Auto-Submitted": "auto-generated",
        },
    )
