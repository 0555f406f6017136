"""tallygate.py - a client of the gateway, written from protocol/PROTOCOL.md alone.

Needs msgpack (Debian: python3-msgpack) and the standard library.  Operations, fields and statuses
go by their names on that page: in lower case for arguments and in answers, else in capitals.

The ssl module does not give out a connection's keying material, which a proof by key contains over
TLS; so over TLS this client has a certificate, and a key only without TLS.
"""
import hashlib
import hmac
import os
import select
import socket
import ssl
import struct
import time

import msgpack

from page import Page

PAGE = Page(os.path.join(os.environ.get('top_srcdir') or
                         os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'),
                         'protocol', 'PROTOCOL.md'))
VERSION = 1
SOFTWARE = 'tallygate.py 1'
FRAME_BYTES_MAX_AT_FIRST = 16384
SECONDS_MAX = 60
# Names of the fields that answers have had, by operation; for who compares them with the page.
SEEN = {}
WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
PROOF_LABEL = b'tallygate terminal proof v1'
SERVER_LABEL = b'tallygate server proof v1'
KEY_SALT = b'tallygate terminal key v1'
NO_EXPORTER = bytes(32)


class Unanswered(Exception):
    """No answer, in time or any more: what became of the request is not known."""


class Distrust(Exception):
    """The server did not prove that it knows the terminal's key, or does not speak the protocol."""


class Answer(dict):
    """Fields of an answer by name in lower case; those unknown by number.

    status: name, or the number in decimal when it is not known; that is a refusal.
    """

    def __init__(self, status_number, body, request_id=None):
        super().__init__((field_name(number), from_wire(number, value))
                         for number, value in body.items())
        known = PAGE.status_numbered.get(status_number)
        self.request_id = request_id
        self.status = known.name if known else str(status_number)
        self.is_again = bool(known and known.is_again)

    def __repr__(self):
        return '%s %s' % (self.status, dict.__repr__(self))


def field_name(number):
    field = PAGE.field_numbered.get(number)
    return field.name.lower() if field else number


def from_wire(number, value):
    """The value of a field: rows become dictionaries, items answers."""
    field = PAGE.field_numbered.get(number)
    if field and field.type == 'ITEMS':
        return [Answer(status, body) for status, body in value]
    if field and field.type in PAGE.columns:
        return [dict(zip(PAGE.columns[field.type], row)) for row in value]
    return value


def to_wire(fields):
    """A body: field numbers and values.  Fields that are None are left out.

    An item of `items` is (operation, fields).
    """
    body = {}
    for name, value in fields.items():
        if name == 'items':
            value = [[PAGE.operation_named[operation].number, to_wire(item)]
                     for operation, item in value]
        if value is not None:
            body[PAGE.field_named[name.upper()].number] = value
    return body


def new_id():
    """A transaction id, or a nonce."""
    return os.urandom(16)


def terminal_key(master, instance, terminal, generation):
    """The key of a terminal: HKDF-SHA-256, as whoever provisions terminals makes it."""
    info = instance.encode('utf-8') + struct.pack('>IH', terminal, generation)
    secret = hmac.digest(KEY_SALT, master, hashlib.sha256)
    return hmac.digest(secret, info + b'\x01', hashlib.sha256)


def proof(key, label, version, terminal, generation, client_nonce, server_nonce, exporter):
    message = (label + struct.pack('>BIH', version, terminal, generation) + client_nonce +
               server_nonce + exporter)
    return hmac.digest(key, message, hashlib.sha256)


class Connection:
    """One connection.  Reads while it writes, so that no amount of requests can block it."""

    def __init__(self, host, port, tls=None, name=None, seconds=SECONDS_MAX):
        """tls: an ssl.SSLContext that knows the coalition's authority, or None on loopback.

        name: what the server's certificate must say, if not host.
        """
        self.seconds = seconds
        self.frame_bytes_max = FRAME_BYTES_MAX_AT_FIRST
        self.in_flight_max = None
        self.welcome = None		# answer to HELLO
        self.principal = None		# answer to AUTH
        self.notices = []		# NOTICEs so far
        self.is_closed = False		# by the server
        self.has_tls = tls is not None
        self._client_nonce = None
        self._answers = {}		# by request id
        self._operations = {}		# of requests not yet answered
        self._last_request_id = 0
        self._unwritten = bytearray()
        self._unread = bytearray()
        self._socket = socket.create_connection((host, port), timeout=seconds)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls:
                self._socket = tls.wrap_socket(self._socket, server_hostname=name or host)
            self._socket.setblocking(False)
        except OSError:
            self._socket.close()
            raise

    def close(self):
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Bytes.

    def _write(self):
        while self._unwritten:
            try:
                count = self._socket.send(bytes(self._unwritten[:65536]))
            except WOULD_BLOCK:
                return
            except OSError:
                # What the server said before it closed is still to be read, and then the end.
                self._unwritten.clear()
                return
            del self._unwritten[:count]

    def _read(self):
        """Take what has come; whether there was anything."""
        count = len(self._unread)
        while not self.is_closed:
            try:
                piece = self._socket.recv(65536)
            except WOULD_BLOCK:
                break
            except OSError:
                piece = b''
            self.is_closed = not piece
            self._unread += piece
        return len(self._unread) > count

    def _turn(self, until):
        """Write what can be written, read what has come, take frames; wait for the first."""
        self._write()
        if not self._read() and not self.is_closed:
            seconds = until - time.monotonic()
            if seconds <= 0:
                raise Unanswered('nothing came in time')
            select.select([self._socket], [self._socket] if self._unwritten else [], [], seconds)
            self._read()
        while self._take_frame():
            pass

    def _take_frame(self):
        if len(self._unread) < 4:
            return False
        count, = struct.unpack_from('>I', self._unread)
        if count < 1 or count > self.frame_bytes_max:
            raise Distrust('a frame of %d bytes' % count)
        if len(self._unread) < 4 + count:
            return False
        number, code, body = msgpack.unpackb(bytes(self._unread[4:4 + count]), raw=False,
                                             strict_map_key=False)
        del self._unread[:4 + count]
        if number:
            self._answers[number] = Answer(code, body, number)
            SEEN.setdefault(self._operations.pop(number, None), set()).update(
                str(name).upper() for name in self._answers[number])
        elif code == PAGE.operation_named['NOTICE'].number:
            self.notices.append(Answer(0, body))
        return True

    # Requests.

    def send_bytes(self, octets):
        """Anything, for those who do not keep to the rules."""
        self._unwritten += octets
        self._write()

    def send_payload(self, payload):
        self.send_bytes(struct.pack('>I', len(payload)) + payload)

    def new_request_id(self):
        self._last_request_id += 1
        return self._last_request_id

    def send(self, operation, pack=msgpack.packb, numbered=None, **fields):
        """Send without waiting; returns the request id.

        pack: the encoder.  numbered: more fields, by number.
        """
        request_id = self.new_request_id()
        self._operations[request_id] = operation
        self.send_payload(pack([request_id, PAGE.operation_named[operation].number,
                                {**to_wire(fields), **(numbered or {})}]))
        return request_id

    def answer(self, request_id, seconds=None):
        """Wait for the answer to a request; Unanswered when it does not come."""
        until = time.monotonic() + (seconds or self.seconds)
        while request_id not in self._answers:
            if self.is_closed:
                raise Unanswered('the connection is closed')
            self._turn(until)
        return self._answers.pop(request_id)

    def call(self, operation, **fields):
        return self.answer(self.send(operation, **fields))

    def pipeline(self, requests):
        """Send all of (operation, fields), then wait; answers in the order of the requests."""
        numbers = [self.send(operation, **fields) for operation, fields in requests]
        return [self.answer(number) for number in numbers]

    def batch(self, requests):
        """Send (operation, fields) as one BATCH; the answers to its items, or the refusal."""
        answer = self.call('BATCH', items=requests)
        return answer['items'] if answer.status == 'OK' else answer

    def await_notice(self, seconds=None):
        until = time.monotonic() + (seconds or self.seconds)
        while not self.notices:
            if self.is_closed:
                raise Unanswered('closed without a NOTICE')
            self._turn(until)
        return self.notices[-1]

    def await_close(self, seconds=None):
        until = time.monotonic() + (seconds or self.seconds)
        while not self.is_closed:
            self._turn(until)

    # Opening a session.

    def hello(self, version=VERSION):
        nonce = new_id()
        answer = self.call('HELLO', version=version, client_nonce=nonce, software=SOFTWARE)
        if answer.status == 'OK':
            self.welcome = answer
            self._client_nonce = nonce
            self._learn_limits(answer)
        return answer

    def _learn_limits(self, answer):
        self.frame_bytes_max = answer.get('frame_bytes_max', self.frame_bytes_max)
        self.in_flight_max = answer.get('in_flight_max', self.in_flight_max)

    def _auth(self, **fields):
        answer = self.call('AUTH', **fields)
        if answer.status == 'OK':
            self.principal = answer
            self._learn_limits(answer)
        return answer

    def auth_by_key(self, terminal, generation, key):
        """Prove the key; Distrust when the server does not prove it back."""
        values = (self.welcome['version'], terminal, generation, self._client_nonce,
                  self.welcome['server_nonce'], NO_EXPORTER)
        answer = self._auth(terminal=terminal, key_generation=generation,
                            proof=proof(key, PROOF_LABEL, *values))
        if answer.status == 'OK' and not hmac.compare_digest(answer.get('proof', b''),
                                                             proof(key, SERVER_LABEL, *values)):
            self.close()
            raise Distrust('the server does not know the key')
        return answer

    def auth_by_certificate(self, terminal):
        return self._auth(terminal=terminal)
