"""Key tones in the sound, telephone events, and the clamp that lets no tone through."""
