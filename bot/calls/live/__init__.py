"""Calls at the pace of a real line: the line itself, and how many are taken at once."""
