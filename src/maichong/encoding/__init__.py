"""Value -> spikes -> value, one file per code."""
