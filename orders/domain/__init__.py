"""The rules of the trade in pure Python: no Django, no database, no clock. Today is an argument."""
