"""The dashboard: counts, their charts, and the threshold simulator."""
