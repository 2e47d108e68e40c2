"""What a verdict rests on: recordings as they arrive, challenges, best frames, and what was sent before."""
