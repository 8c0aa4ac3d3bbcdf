"""How the number recogniser in models/numbers/ is made: see training/README.md."""
