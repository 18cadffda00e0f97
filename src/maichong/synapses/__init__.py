"""Receptors, one file each."""
