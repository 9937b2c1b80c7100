"""A shop's own look: theme, icons, and what every template knows of the shop."""
