"""A typed call as it is shown: under each line what was understood of it, by whom, how surely."""

from __future__ import annotations

from rich.markup import escape

from bot.cli.show import ConversationPrinter
from bot.console import console
from bot.records.trace import Entry, EntryKind
from bot.records.wording import by_whom, what_heard

_INDENT = " " * 18


class TypedConversation(ConversationPrinter):
    """What was typed is shown masked, as it is kept."""

    def __call__(self, entry: Entry) -> None:
        if entry.kind is not EntryKind.HEARD:
            super().__call__(entry)
            return
        self.flush()
        self._line(entry.at, "caller", "Caller", entry.text)
        console.print(f"[dim]{_INDENT}→ {escape(understood(entry))}[/]")


def understood(entry: Entry) -> str:
    """'correct, expiry, 04/29: Rasa, 97 % sure'."""
    who = by_whom(entry)
    if not who:
        return "not understood"
    return f"{', '.join(what_heard(entry)) or 'a number that is not shown'}: {who}"
