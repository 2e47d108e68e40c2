"""Statistics of a period for a regulator: totals only, each with its definition. Nothing here knows HTTP."""
