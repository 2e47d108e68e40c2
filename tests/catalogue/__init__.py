"""The catalogue of bad inputs: what is sent, and the one answer that it gets."""
