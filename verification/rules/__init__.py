"""The rules of the house as plain functions: what follows from an answer, who decides, for which reasons."""
