"""The number recogniser: its network, the search over its words, what a question allows."""
