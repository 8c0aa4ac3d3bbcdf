"""The command line: starts the bot, prints what came of it, and teaches by its help.

One file for each group of commands. What a command needs is imported when it runs: the help and tab
completion of the shell must not wait for a recogniser's libraries.

An error that a person can mend is said on standard error, exit status 2. The outcome of a call is
an exit status of its own (`bot.cli.exits.EXIT_STATUS`).
"""

from bot.cli.app import main

__all__ = ["main"]
