"""Under which name the journal keeps a gateway: one gateway, one set of books.

"Not found" settles a charge as not taken, and is worth nothing from books it was never in. So all
that chooses the books is in the name: the kind, the address, the account. Where the token chooses
the account nothing here can tell, for tokens change: there `gateway.name` does.
"""

from __future__ import annotations

import hashlib

from bot.gateway_settings import GatewaySettings
from bot.letters import in_letters

SIMULATOR = "simulator"
"""Its port changes with every start, its ledger stays beside the journal."""

_LONGEST = 255
"""Characters of the journal's column."""


def names_of(settings: GatewaySettings) -> tuple[str, ...]:
    """All names of the gateway the settings mean; charges are written down under the first.

    Before kind and account were part of it, the name was the bare address. Such a charge counts as
    this gateway's only where the settings name no account: else it may have been made in another,
    and is left to a person.
    """
    if not settings.url:
        return (SIMULATOR,)
    name = f"{settings.kind} {settings.url}"
    if settings.kind == "stripe" and settings.stripe.account:
        name += f" account {settings.stripe.account}"
    if settings.name:
        name += f" named {settings.name}"
    if len(name) > _LONGEST:
        digest = in_letters(hashlib.sha256(name.encode()).digest()[:16])
        name = f"{name[: _LONGEST - len(digest) - 1]} {digest}"
    if name == f"{settings.kind} {settings.url}":
        return (name, settings.url)
    return (name,)
