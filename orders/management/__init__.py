"""Commands of the queue, and what they share."""
