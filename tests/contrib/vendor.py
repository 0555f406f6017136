"""vendor.py - the software of a terminal, right, or wrong in one way, for test_certify.py.

vendor.py HOST PORT KEY-FILE|CA,CERTIFICATE,KEY [DEFECT]: earns once and sees it through.  Exit
status 0: booked, 1: refused, 3: not known, 5: it has crashed.
"""
import os
import random
import socket
import ssl
import sys
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'system'))

# pylint: disable=wrong-import-position
from tallygate import (NO_EXPORTER, PAGE, PROOF_LABEL, SERVER_LABEL, Connection, Distrust,
                       Unanswered, new_id, proof)
# pylint: enable=wrong-import-position

TERMINAL = 1001
ANSWER_SECONDS = 2
TRIES = 12


class Vendor:
    """One transaction, kept until it is settled."""

    def __init__(self, place, secret, defect):
        self.place = place
        self.defect = defect
        self.secret = secret
        self.failures = 0
        self.nonce = None

    def connect(self):
        host, port = self.place
        tls = None
        if ',' in self.secret:
            authority, certificate, key = self.secret.split(',')
            tls = ssl.create_default_context(cafile=authority)
            if self.defect in ('trusts-anybody', 'trusts-any-name'):
                tls.check_hostname = False
            if self.defect == 'trusts-anybody':
                tls.verify_mode = ssl.CERT_NONE
            tls.load_cert_chain(certificate, key)
        connection = Connection(host, port, tls, seconds=ANSWER_SECONDS)
        try:
            self.open(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def open(self, connection):
        if self.defect == 'hurries':
            connection.send('PING')
        nonce = self.nonce if self.defect == 'same-nonce' and self.nonce else new_id()
        if self.defect == 'same-nonce':
            nonce = b'0123456789abcdef'
        answer = connection.call('HELLO', version=1, client_nonce=nonce, software='vendor')
        if self.defect == 'narrow' and answer['server_time'] > 0:
            self.expect_known(answer)
        if connection.has_tls:
            connection.auth_by_certificate(TERMINAL)
            return
        with open(self.secret, encoding='ascii') as file:
            key = bytes.fromhex(file.read())
        values = (1, TERMINAL, 1, nonce, answer['server_nonce'], NO_EXPORTER)
        answer = connection.call('AUTH', terminal=TERMINAL, key_generation=1,
                                 proof=proof(key, PROOF_LABEL, *values))
        if self.defect != 'trusts-any-proof' and \
                answer.get('proof') != proof(key, SERVER_LABEL, *values):
            raise Distrust('the server does not know the key')

    @staticmethod
    def expect_known(answer):
        if any(isinstance(name, int) for name in answer):
            sys.exit(5)

    def pause(self):
        """Before the next connection."""
        self.failures += 1
        bound = min(60, 2 ** (self.failures - 1)) / 4	# a test has no time
        if self.defect == 'no-pause':
            return
        time.sleep(0.2 * self.failures if self.defect == 'no-chance'
                   else random.uniform(0.1, max(bound, 0.5)))

    def run(self):
        request = {'transaction_id': new_id(), 'business_time': int(time.time() * 1000),
                   'identifier_type': 1, 'identifier': '4900000012345', 'amount': 1980}
        if self.defect == 'clock-ahead':
            request['business_time'] += 3600000
        elif self.defect == 'not-late':
            request['business_time'] -= 3600000
        elif self.defect == 'bad-field':
            request['amount'] = -1
        busy_ms = 200
        for attempt in range(TRIES):
            connection = None
            try:
                connection = self.connect()
                while True:
                    answer = self.send(connection, request, attempt)
                    if answer.status != 'BUSY':
                        return self.conclude(connection, request, answer)
                    wait_ms = answer.get('retry_after', busy_ms)
                    busy_ms *= 2
                    if self.defect != 'impatient':
                        time.sleep(wait_ms / 1000 * random.uniform(1.05, 1.2))
                    attempt += 1
            except Distrust:
                return 3
            except (OSError, Unanswered):
                if connection is not None and connection.notices and \
                        self.defect != 'ignores-notice':
                    time.sleep(connection.notices[-1].get('retry_after', 0) / 1000)
                elif isinstance(sys.exc_info()[1], ssl.SSLCertVerificationError):
                    return 3
                if self.defect == 'gives-up':
                    return 3
                self.change(request)
                self.pause()
            finally:
                if connection is not None:
                    connection.close()
        return 3

    def change(self, request):
        """What a wrong terminal makes of a request that it sends again."""
        if self.defect == 'new-id':
            request['transaction_id'] = new_id()
        elif self.defect == 'new-time':
            request['business_time'] = int(time.time() * 1000)

    def send(self, connection, request, attempt):
        fields = dict(request)
        if attempt and self.defect != 'no-repeat':
            fields.update(repeat=True, attempt=attempt)
        if self.defect != 'takes-any-answer':
            return connection.call('EARN', **fields)
        connection.send('EARN', **fields)
        return self.any_answer(connection)

    @staticmethod
    def any_answer(connection):
        """The first that comes, whatever it answers."""
        # pylint: disable=protected-access
        until = time.monotonic() + ANSWER_SECONDS
        while True:
            for number in sorted(connection._answers, reverse=True):
                return connection._answers.pop(number)
            if connection.is_closed:
                raise Unanswered('closed')
            connection._turn(until)

    def conclude(self, connection, request, answer):
        """A final answer."""
        if self.defect == 'strict':
            self.expect_known(answer)
        if self.defect == 'takes-any-answer' and answer.get('points') != 19:
            return 5
        if answer.status == 'OK':
            if self.defect == 'burns-late':
                connection.call('BURN', transaction_id=new_id(), points=1, late=True, **{
                    name: request[name] for name in ('business_time', 'identifier_type',
                                                     'identifier', 'amount')})
            if self.defect == 'once-more':
                connection.call('EARN', repeat=True, attempt=9, **request)
            return 0
        known = PAGE.status_named.get(answer.status)
        if known is None and self.defect != 'no-status':
            connection.call('STATUS', original=request['transaction_id'],
                            original_time=request['business_time'], identifier_type=1,
                            identifier='4900000012345')
            return 3
        if known is None:
            return 0
        if self.defect == 'insists':
            connection.call('EARN', repeat=True, attempt=9, **request)
        return 1


def main():
    host, port, secret = sys.argv[1:4]
    try:
        return Vendor((host, int(port)), secret, (sys.argv + [''])[4]).run()
    except (Unanswered, Distrust, socket.error):
        return 3


if __name__ == '__main__':
    sys.exit(main())
