"""Plasticity rules at three scales."""
