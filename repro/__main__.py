"""Lets `python -m repro` be the command."""

from repro.cli.main import main

main()
