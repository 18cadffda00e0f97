"""Rules of what one circuit can know."""
