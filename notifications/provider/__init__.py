"""What the mail provider reports about emails. It acts on the outbox, so it is above it."""
