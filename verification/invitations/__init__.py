"""Invitations below the actions: the case that one makes, and what the lines of a file of them must be."""
