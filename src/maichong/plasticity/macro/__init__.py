"""Rules of network-wide signals and structure."""
