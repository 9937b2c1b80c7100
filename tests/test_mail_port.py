import pytest
from django.core.exceptions import ImproperlyConfigured

from notifications import reach
from orders import mail_port


def test_notifications_fill_the_port_at_start() -> None:
    assert mail_port.mail_port() is reach


def test_an_empty_port_says_who_should_have_filled_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_port, "_port", None)
    with pytest.raises(ImproperlyConfigured, match="notifications"):
        mail_port.mail_port()
