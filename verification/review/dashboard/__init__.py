"""The figures: what is counted, the charts of it, and the threshold simulator."""
