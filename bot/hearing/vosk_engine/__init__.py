"""The engine that hears with a Vosk model, and where such models come from."""
