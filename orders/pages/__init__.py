"""The customer's site: what its pages show, and the views that show it."""
