"""A payment gateway to practise on: a real HTTP server with books of its own and test cards.

It is a simulator: no bank is asked and no money moves.
"""
