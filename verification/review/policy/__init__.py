"""The policy in force, its history, and the editor of its draft."""
