"""The engine whose models come with their packages: Whisper, and our head on its encoder."""
