"""The demo: a shop, its servers and processes, an inbox, and pages to play with. Never
production."""
