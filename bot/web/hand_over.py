"""Connections, handed by the process that accepts them to the worker that is to answer them.

The parent of several workers accepts, for only it knows which of them has room. A connection goes
over a Unix socket as a file descriptor (SCM_RIGHTS). To a worker's servers that socket looks like
one that listens, so they need not know.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Iterator
from typing import Any


class HandedOver(socket.socket):
    """The worker's end: `accept` gives what was handed over."""

    def accept(self) -> tuple[socket.socket, Any]:
        """Raises BlockingIOError while nothing is there, ConnectionAbortedError for a connection
        whose other end has gone meanwhile, OSError (EMFILE) where this process may open no more; a
        server then pauses."""
        said, descriptors, _, _ = socket.recv_fds(self, 1, 1)
        if not said:  # the parent has gone, and this would be ready to read for ever
            asyncio.get_running_loop().remove_reader(self.fileno())
            raise BlockingIOError
        if not descriptors:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        connection = socket.socket(fileno=descriptors[0])
        try:
            return connection, connection.getpeername()
        except OSError:
            connection.close()
            raise ConnectionAbortedError from None

    def listen(self, backlog: int = 0, /) -> None:
        """The parent does."""


def hand_over_channel() -> tuple[socket.socket, socket.socket]:
    """The parent's end and the worker's, for `HandedOver`. Neither waits."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.setblocking(False)
    theirs.setblocking(False)
    return ours, theirs


def hand_over(channel: socket.socket, connection: socket.socket) -> bool:
    """Whether the worker can have it; the caller closes its own copy. Not so where the worker has
    ended, or takes nothing any more."""
    try:
        socket.send_fds(channel, [b"c"], [connection.fileno()])
    except OSError:
        return False
    return True


def taken_back(theirs: HandedOver) -> Iterator[socket.socket]:
    """What the worker at this end of a channel has not taken, by the parent's own copy of it."""
    while True:
        try:
            yield theirs.accept()[0]
        except ConnectionAbortedError:
            continue
        except OSError:  # nothing more is there, or nothing may be opened
            return
