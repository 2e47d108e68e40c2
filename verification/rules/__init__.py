"""The organisation's rules as plain functions: what follows from an answer, who decides, for which reasons."""
