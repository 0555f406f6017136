#!/usr/bin/env python3
"""terminal.py - a till in Python: terminal.py HOST:PORT CA-FILE TERMINAL KEY-FILE CARD

Written from PROTOCOL.md.  It enrols a card, earns for a purchase and sends the same earn again,
burns, takes the burn back, and asks for the points.

Debian: python3-msgpack, python3-openssl, python3-service-identity.  Python's own ssl gives out no
keying material, without which there is no PROOF over TLS; with it a till needs a certificate.
"""
import hashlib
import hmac
import os
import random
import socket
import struct
import sys
import time

import msgpack
from OpenSSL import SSL
from service_identity import VerificationError
from service_identity.pyopenssl import verify_hostname

HELLO, AUTH = 1, 2
ENROLL, INQUIRY, EARN, BURN, REVERSE = 10, 13, 20, 21, 26
NAMES = {ENROLL: 'ENROLL', INQUIRY: 'INQUIRY', EARN: 'EARN', BURN: 'BURN', REVERSE: 'REVERSE'}
VERSION, CLIENT_NONCE, TERMINAL, KEY_GENERATION, PROOF, TRANSACTION_ID = 1, 2, 3, 5, 6, 7
BUSINESS_TIME, IDENTIFIER_TYPE, IDENTIFIER, AMOUNT, POINTS = 8, 10, 11, 14, 16
ORIGINAL, ORIGINAL_TIME, REASON, REPEAT, ATTEMPT = 17, 18, 20, 29, 65
SERVER_NONCE, RETRY_AFTER, REPLAY, AVAILABLE = 80, 90, 93, 97
OK, BUSY, FULL_LAST = 0, 30, 38         # BUSY to FULL_LAST pass by themselves
CARD, VOIDED = 1, 2
TRY_SECONDS, ANSWER_SECONDS = 30, 5
FRAME_BYTES_MAX = 16384


class Unanswered(Exception):
    """No connection, or no answer on it: what was sent may be booked or not."""


class Connection:
    """One session, opened; a request at a time."""

    def __init__(self, host, port, ca_file, terminal, key):
        self.request_id = 0
        try:
            self.stream = self._secure(host, port, ca_file)
        except VerificationError as error:
            sys.exit('the certificate is not of %s: %s' % (host, error))
        except (OSError, SSL.Error) as error:
            if 'certificate verify failed' in str(error):
                sys.exit('the certificate of %s cannot be trusted' % host)
            raise Unanswered(str(error)) from error
        self._prove(terminal, key)

    @staticmethod
    def _secure(host, port, ca_file):
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.load_verify_locations(ca_file)
        context.set_verify(SSL.VERIFY_PEER, lambda _connection, _cert, _error, _depth, ok: ok)
        plain = socket.create_connection((host, port), ANSWER_SECONDS)
        # pyOpenSSL wants a socket that blocks; the kernel then keeps the time.
        plain.settimeout(None)
        limit = struct.pack('ll', ANSWER_SECONDS, 0)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        stream = SSL.Connection(context, plain)
        stream.set_tlsext_host_name(host.encode())
        stream.set_connect_state()
        stream.do_handshake()
        verify_hostname(stream, host)
        return stream

    def _prove(self, terminal, key):
        """HELLO and AUTH, with the proofs of both sides."""
        nonce = os.urandom(16)
        status, hello = self.exchange(HELLO, {VERSION: 1, CLIENT_NONCE: nonce})
        if status != OK:
            raise Unanswered('HELLO is refused with %d' % status)
        exporter = self.stream.export_keying_material(b'EXPORTER-tallygate-auth-v1', 32)
        proven = (struct.pack('>BIH', hello[VERSION], terminal, 1) + nonce + hello[SERVER_NONCE] +
                  exporter)

        def proof(label):
            return hmac.digest(key, label + proven, hashlib.sha256)
        status, answer = self.exchange(AUTH, {
            TERMINAL: terminal, KEY_GENERATION: 1, PROOF: proof(b'tallygate terminal proof v1')})
        if status != OK:
            sys.exit('AUTH is refused with %d' % status)
        if not hmac.compare_digest(answer[PROOF], proof(b'tallygate server proof v1')):
            sys.exit('the gateway does not know our key')

    def _read(self, count):
        octets = b''
        while len(octets) < count:
            octets += self.stream.recv(count - len(octets))
        return octets

    def exchange(self, operation, body):
        """Send a request and wait for its answer: status and body."""
        self.request_id += 1
        payload = msgpack.packb([self.request_id, operation, body])
        try:
            self.stream.sendall(struct.pack('>I', len(payload)) + payload)
            while True:
                size, = struct.unpack('>I', self._read(4))
                if size > FRAME_BYTES_MAX:
                    raise Unanswered('a frame of %d bytes' % size)
                number, status, body = msgpack.unpackb(self._read(size), strict_map_key=False)
                if number == self.request_id:
                    return status, body         # 0 is a NOTICE: the next request will fail
        except (OSError, SSL.Error) as error:
            raise Unanswered(repr(error)) from error


class Till:
    """Connects when it must, and sends a transaction until it is answered."""

    def __init__(self, *where_and_who):
        self.where_and_who = where_and_who
        self.connection = None

    def once(self, operation, body):
        try:
            if self.connection is None:
                self.connection = Connection(*self.where_and_who)
            return self.connection.exchange(operation, body)
        except Unanswered:
            self.connection = None
            raise

    def transact(self, operation, body):
        """A real till has operation and body on its disk before this is called."""
        until = time.monotonic() + TRY_SECONDS
        attempt, bound = 0, 1.0
        while True:
            marks = {REPEAT: True, ATTEMPT: attempt} if attempt else {}
            try:
                status, answer = self.once(operation, {**body, **marks})
                if not BUSY <= status <= FULL_LAST:
                    return status, answer
                pause = answer.get(RETRY_AFTER, 200) / 1000 * (1 + random.random())
            except Unanswered as error:
                print(error, file=sys.stderr)
                pause = random.uniform(0, bound)
                bound = min(2 * bound, 60)
            attempt += 1
            if time.monotonic() + pause > until:
                sys.exit('no answer: the outcome of %s is unknown' % NAMES[operation])
            time.sleep(pause)


def transaction(card):
    """What every transaction about a card has."""
    return {TRANSACTION_ID: os.urandom(16), BUSINESS_TIME: int(time.time() * 1000),
            IDENTIFIER_TYPE: CARD, IDENTIFIER: card}


def show(operation, outcome):
    status, answer = outcome
    if status != OK:
        sys.exit('%s is refused with %d' % (NAMES[operation], status))
    print('%s OK available=%d%s' % (NAMES[operation], answer.get(AVAILABLE, 0),
                                    ' replay' if answer.get(REPLAY) else ''))


def main():
    if len(sys.argv) != 6:
        sys.exit('usage: ' + __doc__.split(': ')[1].split('\n')[0])
    where, ca_file, terminal, key_file, card = sys.argv[1:]
    host, port = where.rsplit(':', 1)
    with open(key_file, 'rb') as file:
        till = Till(host, int(port), ca_file, int(terminal), file.read())

    show(ENROLL, till.transact(ENROLL, transaction(card)))
    earn = {**transaction(card), AMOUNT: 1980}
    show(EARN, till.transact(EARN, earn))
    show(EARN, till.transact(EARN, earn))       # the same id: booked once
    burn = {**transaction(card), POINTS: 9}
    show(BURN, till.transact(BURN, burn))
    show(REVERSE, till.transact(REVERSE, {
        **transaction(card), ORIGINAL: burn[TRANSACTION_ID], ORIGINAL_TIME: burn[BUSINESS_TIME],
        REASON: VOIDED}))
    show(INQUIRY, till.once(INQUIRY, {IDENTIFIER_TYPE: CARD, IDENTIFIER: card}))


if __name__ == '__main__':
    main()
