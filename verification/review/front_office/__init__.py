"""The front office's pages: inviting one person or the people of a file, new links, and where an invitation stands."""
