"""``python -m maichong``: the command ``maichong``."""

from maichong.cli import main

main()
