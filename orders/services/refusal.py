MOST_UNITS = 1_000_000  # of an order line, a delivery or a receipt; a larger number is a slip of the finger


class Refused(ValueError):
    """A service would not do it; the message tells a person what is wrong and what was expected. Nothing was written."""
