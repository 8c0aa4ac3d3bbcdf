"""The lines a call may come by, and the pages and the API around them."""
