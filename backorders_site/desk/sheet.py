"""Sheets of the desk are those of the admin's lists."""

from orders.admin.sheet import FORMULA, safe, sheet

__all__ = ["FORMULA", "safe", "sheet"]
