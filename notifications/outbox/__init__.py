"""From an event that is due to an email that the mail server accepted, and what can stop it."""
