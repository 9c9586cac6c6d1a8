"""``python -m channelmix``."""

from channelmix.cli import main

main(prog_name="channelmix")
