"""What the exit status says."""

from __future__ import annotations

from bot.outcomes import ResultName

EXIT_STATUS = {
    ResultName.SUCCESS: 0,
    ResultName.DECLINED: 10,
    ResultName.TOO_MANY_FAILED_ATTEMPTS: 11,
    ResultName.CALLER_CANCELLED: 12,
    ResultName.CALLER_HUNG_UP: 13,
    ResultName.TIMEOUT: 14,
    ResultName.GATEWAY_UNAVAILABLE: 15,
    ResultName.OUTCOME_UNKNOWN: 16,
    ResultName.NOT_IDENTIFIED: 17,
    ResultName.AGENT_REQUESTED: 18,
    ResultName.INTERNAL_ERROR: 70,
}
"""70 is EX_SOFTWARE of sysexits.h."""

OUTCOMES = ", ".join(
    f"{status} {result.replace('-', ' ')}" for result, status in EXIT_STATUS.items()
)
"""For a command's help."""

NOT_AS_PROMISED = 1
MEND_THIS = 2
"""One line on standard error says what; 130, 143, 129 and 141 are those of `bot.cli.stopping`."""
