"""Phone systems and the people on them, written from the protocols' documents: for tests, where
time costs none, and for benchmarks, where it is real."""
