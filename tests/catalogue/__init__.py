"""The catalogue of bad inputs, each with the one answer it must get."""
