"""The ``jetseg`` command, one subcommand a file."""
