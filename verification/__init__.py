"""Remote identity verification: the product itself, apart from its wiring."""

__version__ = "0.1.0"
