"""What comes from the shop.

shop_order (one order as the shop has it) <- difference <- reconcile (made so here). Files are read
whole and checked, then written in one transaction: csv (rows to orders) <- sources (whose columns).
"""
