#!/usr/bin/env -S uv run
import sys

try:
    from bot.cli import main

    main()
except KeyboardInterrupt:  # before the command line is there to answer it
    sys.exit(130)
