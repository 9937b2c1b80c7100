"""The customer's pages about email."""
