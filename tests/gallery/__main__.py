"""Photographs every kind of email: `python -m tests.gallery pictures`."""

import os
import runpy

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backorders_site.settings")
django.setup()
runpy.run_module("tests.gallery.email_pictures", run_name="__main__", alter_sys=True)
