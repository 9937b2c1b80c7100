#!/usr/bin/env python
import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backorders_site.settings")
    if any("\udc80" <= letter <= "\udcff" for word in sys.argv for letter in word):
        sys.exit("A word of this command is no text in UTF-8.")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # the environment's fault: its words are enough
        sys.exit(str(error))
    except SystemExit as ended:
        # argparse's own number for words it cannot read
        sys.exit(1 if ended.code == 2 else ended.code)
