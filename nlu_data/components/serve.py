"""`rasa run` with its token from the environment: an argument would show in the process list.

    RASA_SERVER_TOKEN=… python -m components.serve --port 5005 --model models/….tar.gz
"""

from __future__ import annotations

import os
import sys

import rasa.__main__

_ARGUMENTS = ["rasa", "run", "--enable-api", "--interface", "127.0.0.1", "--quiet"]


def main() -> None:
    token = os.environ.pop("RASA_SERVER_TOKEN", "")
    if not token:
        sys.exit("RASA_SERVER_TOKEN is not set; the server does not run without a token")
    sys.argv = [*_ARGUMENTS, *sys.argv[1:], "--auth-token", token]
    rasa.__main__.main()


if __name__ == "__main__":
    main()
