"""A log that others can check: the tree, its tiles, signed notes, checkpoints and proofs. Bytes and text in and out."""
