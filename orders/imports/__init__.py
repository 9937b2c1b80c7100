"""Files from outside: each is read whole and checked, then written through the services in one
transaction.

table (rows of a CSV text) <- values (one cell) <- dialects (whose columns) <- orders, remaining,
restocks, shipments.
"""
