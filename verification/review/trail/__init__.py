"""The trail as a page: what was done, by whom and when, in words, and apart from it who looked at what."""
