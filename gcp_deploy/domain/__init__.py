"""The decisions of gcp-deploy as functions of values: no I/O, no clock, no randomness."""
