"""Scenarios: the format, how they are chosen, run and judged, and what they cover."""
