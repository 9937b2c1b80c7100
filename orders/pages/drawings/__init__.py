"""The drawings of an order's page, as numbers for a template."""
