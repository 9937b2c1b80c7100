class Refused(ValueError):
    """A service would not do it; the message tells a person what is wrong and what was expected. Nothing was written."""
