"""Staff log in with a password and a code; guessing neither pays."""

import re
from datetime import timedelta
from time import time

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp_webauthn.models import WebAuthnCredential
from pytest_django.fixtures import Settings

from tests.factories import NOON
from tests.test_admin import act, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

INDEX, LOGIN, CODE = "/admin/", "/admin/login/", "/admin/second-factor/"
ADD, USE = f"{CODE}passkey/add/", f"{CODE}passkey/use/"
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def second_factor(settings: Settings) -> None:
    settings.SECOND_FACTOR = True


@pytest.fixture
def ann() -> User:
    return User.objects.create_superuser("ann", password=PASSWORD)


def code_of(user: User) -> str:
    device = TOTPDevice.objects.get(user=user)
    return f"{totp(device.bin_key, step=device.step, t0=device.t0):06d}"


def logged_in(client: Client, user: User) -> list[str]:
    """A session of `user`, who sets up a phone on the way. Returns the recovery codes shown."""
    client.force_login(user)
    client.get(CODE)
    shown = client.post(CODE, {"code": code_of(user)}).content.decode()
    return re.findall(r"^(?:<pre[^>]*>)?([a-z2-7]{8})$", shown, re.MULTILINE)


def with_password(client: Client, password: str = PASSWORD, **headers: str) -> int:
    return client.post(
        LOGIN, {"username": "ann", "password": password, "next": INDEX}, headers=headers
    ).status_code


def test_a_password_alone_opens_no_page_of_the_admin(client: Client, ann: User) -> None:
    assert with_password(client) == 302
    for name in (
        "index",
        "orders_order_changelist",
        "orders_restock_receive",
        "password_change",
        "auth_user_changelist",
    ):
        url = reverse(f"admin:{name}")
        assert client.get(url)["Location"] == f"{LOGIN}?next={url}"
    asked = client.get(f"{LOGIN}?next=/admin/orders/order/")
    assert asked["Location"] == f"{CODE}?next=%2Fadmin%2Forders%2Forder%2F"


def test_whoever_gave_no_password_is_not_asked_for_a_code(client: Client) -> None:
    assert client.get(CODE)["Location"] == LOGIN


def test_a_phone_is_set_up_from_a_picture_drawn_here_and_recovery_codes_are_shown_once(
    client: Client, ann: User
) -> None:
    with_password(client)
    shown = client.get(CODE).content.decode()
    secret = TOTPDevice.objects.get(user=ann).config_url.partition("secret=")[2][:32]
    assert "<svg" in shown
    assert " ".join(re.findall("....", secret)) in shown
    assert not re.search(
        r"<style|<script>|\sstyle=|\son\w+=|https?://(?!testserver|www\.w3\.org)", shown
    )

    codes = client.post(CODE, {"code": code_of(ann)}).content.decode()

    kept = sorted(StaticToken.objects.filter(device__user=ann).values_list("token", flat=True))
    assert (
        sorted(re.findall(r"\b[a-z2-7]{8}\b", codes.partition("<pre")[2].partition("</pre>")[0]))
        == kept
    )
    assert len(kept) == 10
    assert client.get(INDEX).status_code == 200
    assert not any(token in client.get(CODE).content.decode() for token in kept)


def test_a_wrong_code_opens_nothing_and_the_next_has_to_wait(client: Client, ann: User) -> None:
    logged_in(client, ann)
    other = Client()
    other.force_login(ann)
    with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
        wrong = f"{(int(code_of(ann)) + 1) % 10**6:06d}"
        assert "This code is wrong" in other.post(CODE, {"code": wrong}).content.decode()
        other.post(CODE, {"code": code_of(ann)})
        assert other.get(INDEX).status_code == 302
    with time_machine.travel(NOON + timedelta(minutes=2), tick=False):
        other.post(CODE, {"code": code_of(ann)})
        assert other.get(INDEX).status_code == 200


def test_a_code_overheard_opens_nothing_a_second_time(client: Client, ann: User) -> None:
    logged_in(client, ann)
    thief = Client()
    thief.force_login(ann)
    thief.post(CODE, {"code": code_of(ann)})
    assert thief.get(INDEX).status_code == 302


def test_a_recovery_code_opens_once(client: Client, ann: User) -> None:
    code, *_ = logged_in(client, ann)
    first, second = Client(), Client()
    first.force_login(ann)
    second.force_login(ann)
    assert (
        first.post(f"{CODE}?next=/admin/orders/order/", {"code": code.upper()})["Location"]
        == "/admin/orders/order/"
    )
    second.post(CODE, {"code": code})
    assert (first.get(INDEX).status_code, second.get(INDEX).status_code) == (200, 302)


def test_a_wrong_recovery_code_is_said_to_be_one_and_not_shown_again(
    client: Client, ann: User
) -> None:
    code, *_ = logged_in(client, ann)
    other = Client()
    other.force_login(ann)
    with time_machine.travel(NOON + timedelta(minutes=5), tick=False):
        first = other.post(CODE, {"code": "aaaaaaaa"}).content.decode()
        other.post(CODE, {"code": code})
    assert "This code is wrong or was already used. Wait 1 second" in first
    assert "aaaaaaaa" not in first
    assert other.get(INDEX).status_code == 302


def test_whoever_is_asked_for_a_code_can_leave(client: Client, ann: User) -> None:
    for _ in range(2):  # to set up a phone, and to show it
        other = Client()
        other.force_login(ann)
        assert 'name="leave"' in other.get(CODE).content.decode()
        assert other.post(CODE, {"leave": "1"})["Location"] == LOGIN
        assert other.get(CODE)["Location"] == LOGIN
        logged_in(client, ann)


def test_every_page_leads_to_the_recovery_codes(client: Client, ann: User) -> None:
    logged_in(client, ann)
    assert f'<a href="{CODE}">Recovery codes</a>' in client.get(INDEX).content.decode()


def test_new_recovery_codes_want_a_code_of_the_phone_and_end_the_old_ones(
    client: Client, ann: User
) -> None:
    old = logged_in(client, ann)
    client.post(CODE, {"code": old[0]})
    assert StaticToken.objects.filter(token=old[1]).exists()
    with time_machine.travel(NOON + timedelta(minutes=5), tick=False):
        client.post(CODE, {"code": code_of(ann)})
    assert not StaticToken.objects.filter(token__in=old).exists()
    assert StaticToken.objects.count() == 10


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"]
)
def test_the_login_leads_nowhere_else(client: Client, ann: User, elsewhere: str) -> None:
    code, *_ = logged_in(client, ann)
    other = Client()
    other.force_login(ann)
    assert other.post(f"{CODE}?next={elsewhere}", {"code": code})["Location"] == INDEX


def test_a_phone_that_is_lost_is_reset_by_a_manager_and_its_session_ends(
    client: Client, ann: User
) -> None:
    bob = User.objects.create_superuser("bob", password=PASSWORD)
    hers = Client()
    logged_in(hers, ann)
    logged_in(client, bob)
    act(client, "reset-second-factor", ann)
    assert hers.get(INDEX).status_code == 302
    assert "Set up your second factor" in hers.get(CODE).content.decode()


def test_the_demo_s_admin_opens_with_its_password(
    client: Client, ann: User, settings: Settings
) -> None:
    settings.SECOND_FACTOR = False
    with_password(client)
    assert client.get(INDEX).status_code == 200


class TestGuessingAPassword:
    def test_is_stopped_after_five_and_the_right_one_does_not_help_for_a_quarter_of_an_hour(
        self, client: Client, ann: User
    ) -> None:
        assert [with_password(client, "wrong") for _ in range(5)] == [200, 200, 200, 200, 429]
        assert with_password(client) == 429
        with time_machine.travel(NOON + timedelta(minutes=16), tick=False):
            assert with_password(client) == 302

    def test_keeps_nobody_out_who_comes_from_elsewhere(
        self, client: Client, ann: User, settings: Settings
    ) -> None:
        settings.TRUSTED_PROXIES = 1
        for n in range(5):
            with_password(client, "wrong", X_Forwarded_For=f"6.6.6.{n}, 203.0.113.{n}")
        assert with_password(client, X_Forwarded_For="203.0.113.77") == 429
        assert with_password(client, X_Forwarded_For="203.0.113.1, 198.51.100.7") == 302

    def test_counts_all_networks_of_one_provider_s_customer_as_one(
        self, client: Client, ann: User, settings: Settings
    ) -> None:
        settings.TRUSTED_PROXIES = 1
        for n in range(5):
            with_password(client, "wrong", X_Forwarded_For=f"2001:db8:1:{n}::1")
        assert with_password(client, X_Forwarded_For="2001:db8:1:77::1") == 429
        assert with_password(client, X_Forwarded_For="2001:db8:2:1::1") == 302

    def test_is_forgiven_by_a_manager(self, client: Client, ann: User, settings: Settings) -> None:
        for _ in range(5):
            with_password(client, "wrong")
        boss = Client()
        logged_in(boss, User.objects.create_superuser("bob", password=PASSWORD))
        act(boss, "let-in-again", ann)
        assert with_password(client) == 302


class TestASessionOfStaff:
    @pytest.fixture(autouse=True)
    def _idle_for_eight_hours(self, settings: Settings) -> None:
        settings.SESSION_COOKIE_AGE = 8 * 3600

    def test_ends_after_eight_hours_without_work(self, client: Client, ann: User) -> None:
        logged_in(client, ann)
        for hour in (7, 14, 21):
            with time_machine.travel(NOON + timedelta(hours=hour), tick=False):
                assert client.get(INDEX).status_code == 200
        with time_machine.travel(NOON + timedelta(hours=30), tick=False):
            assert client.get(INDEX).status_code == 302

    def test_is_not_kept_by_a_page_that_asks_by_itself(self, client: Client, ann: User) -> None:
        logged_in(client, ann)
        with time_machine.travel(NOON + timedelta(hours=7), tick=False):
            assert client.get(INDEX, headers={"HX-Request": "true"}).status_code == 200
        with time_machine.travel(NOON + timedelta(hours=9), tick=False):
            assert client.get(INDEX).status_code == 302

    def test_is_made_for_nobody_who_has_not_logged_in(self, client: Client) -> None:
        client.get(LOGIN)
        assert "sessionid" not in client.cookies


def test_clocks_of_phones_may_be_off_by_half_a_minute(client: Client, ann: User) -> None:
    client.force_login(ann)
    client.get(CODE)
    device = TOTPDevice.objects.get(user=ann)
    late = f"{totp(device.bin_key, step=device.step, t0=device.t0 + 30):06d}"
    assert time() == NOON.timestamp()
    client.post(CODE, {"code": late})
    assert client.get(INDEX).status_code == 200


def test_the_list_of_staff_shows_no_secret(client: Client, ann: User) -> None:
    logged_in(client, ann)
    shown = client.get(page(User, "change", ann.pk)).content.decode()
    assert TOTPDevice.objects.get(user=ann).key not in shown


class TestAPasskey:
    """What a browser does with one: tests/browser/test_desk_journeys.py."""

    def of(self, user: User) -> WebAuthnCredential:
        key = user.username.encode()
        return WebAuthnCredential.objects.create(user=user, credential_id=key, public_key=key)

    def test_is_added_after_a_code_of_the_phone_and_soon(self, client: Client, ann: User) -> None:
        old = logged_in(client, ann)
        assert client.post(ADD).status_code == 403
        client.post(CODE, {"code": old[0], "passkey": "1"})
        assert client.post(ADD).status_code == 403
        with time_machine.travel(NOON + timedelta(minutes=5), tick=False) as now:
            client.post(CODE, {"code": code_of(ann), "passkey": "1"})
            assert client.post(ADD).json()["rp"]["id"] == "testserver"
            now.shift(timedelta(minutes=5))
            assert client.post(ADD).status_code == 403
        assert StaticToken.objects.filter(token__in=old).count() == len(old)

    def test_is_not_added_with_a_password_alone(self, client: Client, ann: User) -> None:
        with_password(client)
        assert client.post(ADD).status_code == 403
        client.get(CODE)
        client.post(CODE, {"code": "000000", "passkey": "1"})
        assert client.post(ADD).status_code == 403

    def test_is_offered_instead_of_the_code_to_whom_it_belongs(
        self, client: Client, ann: User
    ) -> None:
        logged_in(client, ann)
        other = Client()
        with_password(other)
        assert "passkey" not in other.get(CODE).content.decode()
        self.of(User.objects.create_superuser("bob"))
        assert "passkey" not in other.get(CODE).content.decode()
        assert other.post(USE).json()["allowCredentials"] == []
        self.of(ann)
        shown = other.get(CODE).content.decode()
        assert "Use a passkey" in shown
        assert not re.search(r"<style|<script>|\sstyle=|\son\w+=", shown)
        assert [key["id"] for key in other.post(USE).json()["allowCredentials"]] == ["YW5u"]

    def test_opens_nothing_without_the_password(self, client: Client, ann: User) -> None:
        self.of(ann)
        assert client.post(USE).status_code == 403

    def test_is_removed_by_whom_it_belongs_to(self, client: Client, ann: User) -> None:
        logged_in(client, ann)
        hers, his = self.of(ann), self.of(User.objects.create_superuser("bob"))
        for passkey in (hers, his):
            client.post(CODE, {"remove": str(passkey.pk)})
        assert list(WebAuthnCredential.objects.all()) == [his]

    def test_ends_with_the_phone_that_is_lost_and_so_does_its_session(
        self, client: Client, ann: User
    ) -> None:
        logged_in(client, ann)
        hers = Client()
        hers.force_login(ann)
        session = hers.session
        session[DEVICE_ID_SESSION_KEY] = self.of(ann).persistent_id
        session.save()
        assert hers.get(INDEX).status_code == 200
        bob = Client()
        logged_in(bob, User.objects.create_superuser("bob", password=PASSWORD))
        act(bob, "reset-second-factor", ann)
        assert hers.get(INDEX).status_code == 302
        assert not WebAuthnCredential.objects.exists()
