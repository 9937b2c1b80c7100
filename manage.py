#!/usr/bin/env python
import os
import sys
from contextlib import ExitStack, suppress

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

WITHOUT_A_SITE = ("backtest_windows", "simulate")  # they read files, and no shop


def attach_servers(ending: ExitStack) -> None:
    """Where no site is set up. The packages of the servers are those of development."""
    if sys.argv[1:2] not in [[name] for name in WITHOUT_A_SITE]:
        return
    if os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"):
        return
    with suppress(ImportError):
        from backorders_site.demo.made_up_site import made_up_site  # noqa: PLC0415

        ending.enter_context(made_up_site())


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backorders_site.settings")
    if any("\udc80" <= letter <= "\udcff" for word in sys.argv for letter in word):
        sys.exit("A word of this command is no text in UTF-8.")
    try:
        with ExitStack() as ending:
            attach_servers(ending)
            execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # the environment's fault: its words are enough
        sys.exit(str(error))
    except SystemExit as ended:
        # argparse's own number for words it cannot read
        sys.exit(1 if ended.code == 2 else ended.code)
