"""``python -m maichong.cli``: the command ``maichong``."""

from maichong.cli import main

main()
