"""python -m bot.paying.simulator --port 8090 --ledger out/gateway.db"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from bot.paying.simulator.ledger import Ledger
from bot.paying.simulator.process import TOKEN_VARIABLE
from bot.paying.simulator.server import SimulatedGateway, server
from bot.uncaught import mask_uncaught_exceptions


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="A payment gateway to practise on.")
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1")
    parser.add_argument("--ledger", type=Path, help="its books, an SQLite file; none: in memory")
    parser.add_argument("--instance", default="", help="a name for /health to answer to")
    parser.add_argument(
        "--today", type=date.fromisoformat, help="judge expiry dates as of this day"
    )
    options = parser.parse_args(arguments)
    mask_uncaught_exceptions()
    ledger = Ledger(options.ledger)
    today: dict[str, Any] = (
        {} if options.today is None else {"today": partial(_same, options.today)}
    )
    gateway = SimulatedGateway(
        ledger, token=os.environ.get(TOKEN_VARIABLE, ""), instance=options.instance, **today
    )
    try:
        server(gateway, options.port).run()
    finally:
        ledger.close()


def _same(day: date) -> date:
    return day


if __name__ == "__main__":
    main()
