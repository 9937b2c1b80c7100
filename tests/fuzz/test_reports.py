"""What a mail provider reports: every provider's shape, spoilt in its structure, its bytes and its
secret."""

import json
from base64 import b64encode
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from notifications.models import Message
from tests import factories
from tests.conftest import MailSink
from tests.fuzz.hostile import HOSTILE, Hostile, many
from tests.fuzz.site import Verdict, ask
from tests.mailing import mail

pytestmark = [pytest.mark.fuzz, pytest.mark.django_db]

SECRET = "reports:not-a-secret-at-all"
AT = "2026-11-02T17:00:00Z"
REPORTS: dict[str, list[Any]] = {
    "postmark": [
        {
            **{
                "RecordType": "Bounce",
                "ID": 42,
                "Type": "HardBounce",
                "TypeCode": 1,
                "MessageID": "pm-1",
            },
            **{
                "Metadata": {"message_id": "<ours>"},
                "Email": "ada@example.com",
                "BouncedAt": AT,
                "Details": "no",
            },
        },
        {
            "RecordType": "Delivery",
            "MessageID": "pm-1",
            "Recipient": "ada@example.com",
            "DeliveredAt": AT,
        },
        {
            "RecordType": "SpamComplaint",
            "ID": 1,
            "MessageID": "pm-1",
            "Email": "ada@example.com",
            "BouncedAt": AT,
        },
    ],
    "sendgrid": [
        [
            {
                **{
                    "email": "ada@example.com",
                    "timestamp": 1793638800,
                    "event": "bounce",
                    "sg_event_id": "x",
                },
                **{
                    "smtp-id": "<ours>",
                    "sg_message_id": "sg.1",
                    "reason": "550",
                    "status": "5.1.1",
                    "type": "bounce",
                },
            }
        ]
    ],
    "brevo": [
        {
            "event": "hard_bounce",
            "email": "ada@example.com",
            "ts_event": 1793638800,
            "message-id": "<ours>",
            "reason": "x",
        }
    ],
    "mailjet": [
        [
            {
                "event": "bounce",
                "time": 1793638800,
                "MessageID": 7,
                "email": "ada@example.com",
                "error": "user unknown",
            }
        ]
    ],
    "sparkpost": [
        [
            {
                "msys": {
                    "message_event": {
                        **{
                            "type": "bounce",
                            "bounce_class": "10",
                            "timestamp": "1793638800",
                            "event_id": "1",
                        },
                        **{
                            "rcpt_to": "ada@example.com",
                            "transmission_id": "7",
                            "raw_reason": "550",
                            "rcpt_meta": {"a": 1},
                        },
                    }
                }
            }
        ]
    ],
    "resend": [
        {
            "type": "email.bounced",
            "created_at": AT,
            "data": {"email_id": "1", "to": ["ada@example.com"], "headers": []},
        }
    ],
    "mailersend": [
        {
            "type": "activity.hard_bounced",
            "created_at": AT,
            "data": {"id": "1", "email": {"message": {"id": "x"}}},
        }
    ],
    "mailtrap": [
        {
            "events": [
                {
                    "event": "bounce",
                    "message_id": "1",
                    "email": "ada@example.com",
                    "timestamp": 1793638800,
                }
            ]
        }
    ],
    "postal": [
        {
            "event": "MessageBounced",
            "payload": {"bounce": {"id": 1}, "original_message": {"to": "ada@example.com"}},
        }
    ],
    "unisender_go": [
        {
            "auth": "x",
            "events_by_user": [{"events": [{"event_name": "transactional_email_status"}]}],
        }
    ],
    "mailgun": [
        {
            "signature": {"timestamp": "1", "token": "t", "signature": "s"},
            "event-data": {"event": "failed", "id": "1"},
        }
    ],
    "mandrill": [
        [
            {
                "event": "hard_bounce",
                "ts": 1793638800,
                "_id": "1",
                "msg": {"email": "ada@example.com", "_id": "1"},
            }
        ]
    ],
}
KEYS = {
    "MAILGUN_WEBHOOK_SIGNING_KEY": "key",
    "MANDRILL_WEBHOOK_KEY": "key",
    "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": None,
}


def spoilt(hostile: Hostile, node: Any) -> Any:
    """Somewhere in it, something of another kind."""
    if hostile.random() < 0.15 or not isinstance(node, (dict, list)) or not node:
        return hostile.choice(
            [
                None,
                True,
                -1,
                1e308,
                2**70,
                [],
                {},
                [[]],
                [node],
                {"a": node},
                hostile.text(str(node)),
            ]
        )
    if isinstance(node, list):
        place = hostile.randrange(len(node))
        return [*node[:place], spoilt(hostile, node[place]), *node[place + 1 :]]
    name = hostile.choice(sorted(node))
    if hostile.random() < 0.15:
        return {key: value for key, value in node.items() if key != name}
    return node | {name: spoilt(hostile, node[name])}


def body_of(hostile: Hostile, report: Any, ours: str) -> bytes:
    chance = hostile.random()
    if chance < 0.1:
        return hostile.choice(HOSTILE).encode("utf-8", "surrogatepass")
    body = (
        json.dumps(spoilt(hostile, report) if chance < 0.8 else report)
        .replace("<ours>", ours)
        .encode()
    )
    return hostile.bytes_of(body) if chance > 0.9 else body


@pytest.mark.parametrize("provider", REPORTS)
def test_reports(client: Client, settings: Settings, mail_sink: MailSink, provider: str) -> None:
    hostile, verdict = Hostile(provider), Verdict()
    factories.order(factories.make_product())
    mail()
    Message.objects.update(provider_id="pm-1")
    ours = Message.objects.get().message_id
    settings.MAIL_PROVIDER, settings.MAIL_WEBHOOK_SECRET = provider, SECRET
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET, **KEYS}
    for _ in many(100):
        secret = SECRET if hostile.random() < 0.9 else hostile.text(SECRET)
        basic = b64encode(secret.encode("utf-8", "surrogatepass")).decode()
        environ = {
            "HTTP_AUTHORIZATION": f"Basic {basic}" if hostile.random() < 0.95 else hostile.line()
        }
        environ["CONTENT_TYPE"] = hostile.choice(
            ("application/json",) * 5 + ("text/plain", "multipart/form-data", "")
        )
        if hostile.random() < 0.05:
            environ["CONTENT_LENGTH"] = f"{hostile.line()}x"  # a number is the server's to hold to
        body = body_of(hostile, hostile.choice(REPORTS[provider]), ours)
        ask(client, verdict, "POST", "/webhooks/mail/", body=body, **environ)
    verdict.holds(len(many(100)))
