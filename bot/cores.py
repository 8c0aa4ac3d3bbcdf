"""How much this machine computes at once."""

from __future__ import annotations

import os
from typing import Final

CORES: Final = (
    len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
)
"""Processor cores that this process may use."""

DECODES_AT_ONCE: Final = max(2, CORES)
"""Recognition runs on one core each; two at least, so that a long utterance is not all there is."""
