"""What a verdict rests on: recordings as they arrive, challenges, best frames, and earlier recordings like them."""
