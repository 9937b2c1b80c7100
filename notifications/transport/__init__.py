"""The conversation with the mail server, and how fast email may go."""
