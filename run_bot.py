#!/usr/bin/env -S uv run
import sys

try:
    from bot.cli import main
    from bot.uncaught import mask_uncaught_exceptions

    mask_uncaught_exceptions()
    main()
except KeyboardInterrupt:  # before the command line is there to answer it
    sys.exit(130)
