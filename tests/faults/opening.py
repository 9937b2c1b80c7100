"""A shop is opened for the kill run."""

from tests.faults.life import open_shop

if __name__ == "__main__":
    open_shop()
