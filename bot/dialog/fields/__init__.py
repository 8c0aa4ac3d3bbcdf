"""One small machine per field: it gathers an answer from speech and keys, judges it, holds it."""
