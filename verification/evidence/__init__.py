"""What a verdict rests on: recordings as they arrive, how many files were of no use, challenges, best frames, and
earlier recordings like them."""
