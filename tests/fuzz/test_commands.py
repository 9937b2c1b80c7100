"""Every command with words nobody should type: it says what was wrong, and ends with one."""

import io
from argparse import Action
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
from pytest_django.fixtures import Settings

from orders import queue
from tests import factories
from tests.fuzz.hostile import Hostile, many
from tests.fuzz.site import Verdict, counted, undone

pytestmark = [pytest.mark.fuzz, pytest.mark.django_db, pytest.mark.usefixtures("noon")]

APPS = ("orders", "notifications", "backorders_site")
# One writes into the sources, and one takes no words and goes on for ever.
NOT_HERE = {"translations", "deliver_messages"}
FOR_DJANGO = {
    "help",
    "version",
    "verbosity",
    "settings",
    "pythonpath",
    "traceback",
    "no_color",
    "force_color",
    "skip_checks",
}


def commands() -> list[str]:
    return sorted(
        name for name, app in get_commands().items() if app in APPS and name not in NOT_HERE
    )


def words_for(hostile: Hostile, app: str, name: str, directory: Path) -> list[str]:
    parser = load_command_class(app, name).create_parser("manage.py", name)
    ours = [action for action in parser._actions if action.dest not in FOR_DJANGO]
    typed: list[str] = []
    for action in ours:
        if action.option_strings and hostile.random() < 0.5:
            continue
        typed += typed_for(hostile, action, directory)
    if hostile.random() < 0.1:
        typed.append(f"--{hostile.text()[:30]}")
    # No system hands a NUL on, and manage.py nothing but UTF-8.
    return [word.replace("\0", "").encode(errors="ignore").decode() for word in typed]


def typed_for(hostile: Hostile, action: Action, directory: Path) -> list[str]:
    option = action.option_strings[:1]
    if action.nargs == 0:
        return list(option)
    value = hostile.text("1")
    if action.type is Path and hostile.random() < 0.7:
        file = directory / "file.csv"
        file.write_bytes(hostile.bytes_of(b"order_number,sku\n1,2\n"))
        value = str(hostile.choice((file, directory, directory / "none.csv")))
    return [f"{option[0]}={value}"] if option else [value]


def test_every_command(settings: Settings, tmp_path: Path) -> None:
    hostile, verdict, names = Hostile("commands"), Verdict(), commands()
    settings.DEBUG = True  # so that --on is read
    factories.order(factories.make_product())
    for n in many(450):
        name = names[n % len(names)]
        words = words_for(hostile, get_commands()[name], name, tmp_path)
        verdict.asked += 1
        with undone():
            before = counted()
            try:
                call_command(name, *words, stdout=io.StringIO(), stderr=io.StringIO())
            except (CommandError, SystemExit) as ended:
                if counted() != before:
                    verdict.say(f"{name} wrote half of it: {ended}", words)
                if isinstance(ended, CommandError) and not str(ended).strip():
                    verdict.say(f"{name} does not say what is wrong", words)
            except Exception as error:  # noqa: BLE001 - any is a traceback
                verdict.say(f"{name}: {type(error).__name__} {error}"[:300], words)
            else:
                if list(queue.differences()):
                    verdict.say(f"{name}: the queue is counted wrong", words)
    verdict.holds(len(many(450)))
