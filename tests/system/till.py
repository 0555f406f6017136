"""till.py - a terminal that loses nothing: it keeps each request until it is answered.

The rules are those of protocol/PROTOCOL.md, "No answer", "BUSY" and "Reconnecting".
"""
import os
import random
import time

import msgpack

from tallygate import Unanswered, new_id

CONNECT_BOUND_SECONDS = 1
BOUND_SECONDS_MAX = 60
BUSY_MS = 200


class Till:
    """Requests in the order they were made, in a file that is synced before the first send."""

    def __init__(self, path, connect, seconds=120):
        """path: of the file.  connect: opens a session, or raises OSError or Unanswered."""
        self.seconds = seconds
        self.connection = None
        self._path = path
        self._connect = connect
        self.requests = []		# [operation, fields, times sent], oldest first
        if os.path.exists(path):
            with open(path, 'rb') as file:
                self.requests = msgpack.unpackb(file.read(), raw=False)
            for request in self.requests:
                request[2] += 1		# perhaps it was sent: nobody has counted

    def _store(self):
        with open(self._path + '.new', 'wb') as file:
            file.write(msgpack.packb(self.requests))
            file.flush()
            os.fsync(file.fileno())
        os.rename(self._path + '.new', self._path)

    def keep(self, operation, **fields):
        """Store a request, to be sent by settle(); returns its transaction id."""
        fields.setdefault('transaction_id', new_id())
        self.requests.append([operation, fields, 0])
        self._store()
        return fields['transaction_id']

    def settle(self):
        """Send until each is answered; answers by transaction id.

        What is refused with "again" stays stored, unless it was only BUSY.
        """
        until = time.monotonic() + self.seconds
        final = {}
        bound = CONNECT_BOUND_SECONDS
        busy_ms = 0
        while len(final) < len(self.requests):
            if time.monotonic() > until:
                raise Unanswered('%d requests' % (len(self.requests) - len(final)))
            try:
                if self.connection is None:
                    self.connection = self._connect()
                busy_ms = self._send_all(final, busy_ms)
                bound = CONNECT_BOUND_SECONDS
                time.sleep(random.uniform(busy_ms, busy_ms * 2) / 1000)
            except (OSError, Unanswered):
                self.drop_connection()
                time.sleep(random.uniform(0, bound))
                bound = min(bound * 2, BOUND_SECONDS_MAX)
        self.requests = [request for request in self.requests
                         if final[request[1]['transaction_id']].is_again]
        self._store()
        return final

    def _send_all(self, final, busy_ms):
        """One round of those that have no answer, and need none before they are sent.

        Milliseconds to wait before the next, 0 when nothing was BUSY; busy_ms: those of the last
        round, doubled when nothing else has come.
        """
        numbers = []
        waiting = {fields['transaction_id'] for _, fields, _ in self.requests} - set(final)
        for request in self.requests:
            operation, fields, attempt = request
            if fields['transaction_id'] in waiting and fields.get('original') not in waiting:
                numbers.append((fields['transaction_id'], self.connection.send(
                    operation, repeat=attempt > 0 or None, attempt=attempt or None, **fields)))
                request[2] += 1
        wait_ms = 0
        count = len(final)
        for transaction_id, number in numbers:
            answer = self.connection.answer(number)
            if answer.status == 'SHUTTING_DOWN':
                raise Unanswered(answer.status)
            if answer.status == 'BUSY':
                wait_ms = max(wait_ms, answer.get('retry_after', BUSY_MS))
            else:
                final[transaction_id] = answer
        if wait_ms and len(final) == count:
            wait_ms = max(wait_ms, min(busy_ms * 2, BOUND_SECONDS_MAX * 1000))
        return wait_ms

    def drop_connection(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def transact(self, operation, **fields):
        """One request, until it is answered."""
        transaction_id = self.keep(operation, **fields)
        return self.settle()[transaction_id]
