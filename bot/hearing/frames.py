"""Chunks of any length in, frames of one length out."""

from __future__ import annotations

import numpy as np

from bot.audio import AudioChunk, Samples, silence


class Framer:
    """Cuts the chunks of one leg into frames of `size` samples.

    Frames lie on a grid that begins with the first chunk, so what is found in them does not
    depend on how the sound was cut before it came here.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._rest: Samples = silence(0)
        self._position: int | None = None

    def feed(self, chunk: AudioChunk) -> list[AudioChunk]:
        """The frames this chunk completes, in order. Raises ValueError as `gather` does."""
        whole = self.gather(chunk)
        return [
            AudioChunk(whole.samples[i : i + self._size], whole.position + i)
            for i in range(0, len(whole.samples), self._size)
        ]

    def gather(self, chunk: AudioChunk) -> AudioChunk:
        """The frames this chunk completes, in one piece; empty when it completes none.

        Raises ValueError when the chunk does not begin where the one before ended: the
        transport, not the ear, decides what replaces lost sound.
        """
        if self._position is None:
            self._position = chunk.position
        expected = self._position + len(self._rest)
        if chunk.position != expected:
            raise ValueError(f"a chunk at sample {chunk.position} where {expected} was due")
        sound = np.concatenate((self._rest, chunk.samples)) if len(self._rest) else chunk.samples
        whole = len(sound) // self._size * self._size
        frames = AudioChunk(sound[:whole], self._position)
        self._rest = sound[whole:].copy()
        self._position += whole
        return frames

    def flush(self) -> AudioChunk | None:
        """What is left of a frame, shorter than `size`; None when nothing is."""
        if self._position is None or not len(self._rest):
            return None
        rest = AudioChunk(self._rest, self._position)
        self._position += len(self._rest)
        self._rest = silence(0)
        return rest
