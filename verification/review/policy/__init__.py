"""The policy in force, its history, and the editor of the draft."""
