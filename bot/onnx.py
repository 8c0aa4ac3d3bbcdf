"""ONNX networks on one thread, and nothing told to anybody.

Since version 1.3x the Linux wheels of onnxruntime give the machine an identifier, count what is run
and send it to their makers (`disable_telemetry_events` comes too late for that). Nothing may leave
the building, so the switch is set before the library is loaded, and the library is loaded nowhere
else. faster-whisper loads it as well: import this first.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime


def session(model: Path | bytes, threads: int = 1) -> Any:
    """An inference session on the processor. Raises what onnxruntime raises for a broken model."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    source = str(model) if isinstance(model, Path) else model
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
