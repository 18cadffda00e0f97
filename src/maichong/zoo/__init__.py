"""The zoo: one runnable file per paper, ending in its claims."""
