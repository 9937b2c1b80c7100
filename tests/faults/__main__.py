"""Runs a part of the kill run that needs Django: `python -m tests.faults life ...`."""

import runpy
import sys

import django

part = sys.argv.pop(1)
django.setup()
runpy.run_module(f"tests.faults.{part}", run_name="__main__", alter_sys=True)
