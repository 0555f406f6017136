#!/usr/bin/env python3
"""certificates.py - which certificates stand for a terminal, and what changes without a restart.

The matrix is all that can be wrong with one, by a real authority (openssl ca): time, purpose,
issuer, name, key, revocation.  Each must end as the row says, and the server must go on.
"""
import os
import ssl
import subprocess
import sys

from server import HOST, SECONDS_MAX, Failed, Folder
from tallygate import Connection, Unanswered
from world import World, expect, expect_equal, run

CA_CONFIG = '''
[ ca ]
default_ca = here
[ here ]
database = %(home)s/index
serial = %(home)s/serial
new_certs_dir = %(home)s
certificate = %(home)s/ca.pem
private_key = %(home)s/ca.key
default_md = sha256
default_crl_days = 2
policy = any
email_in_dn = no
unique_subject = no
copy_extensions = none
rand_serial = yes
[ any ]
countryName = optional
organizationName = optional
commonName = optional
'''
EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
# What is asked of a good one; rows of the matrix change it.
GOOD = {'subject': '/CN=terminal:101', 'extensions': 'extendedKeyUsage=clientAuth', 'starts':
        '20200101000000Z', 'ends': '20490101000000Z', 'key': EC, 'md': 'sha256'}


class Office:
    """An authority that issues what it is asked for, with a register and a list of the revoked."""

    def __init__(self, folder, name='office'):
        self.home = folder.file(name)
        os.mkdir(self.home, 0o700)
        for path, text in (('index', ''), ('config', CA_CONFIG % {'home': self.home})):
            self._write(path, text)
        self._openssl('req', '-x509', '-config', '/dev/null', '-noenc', '-days', '2', *EC, '-subj',
                      '/CN=' + name, '-addext', 'keyUsage=keyCertSign,cRLSign', '-keyout',
                      self.path('ca.key'), '-out', self.path('ca.pem'))

    def path(self, name):
        return os.path.join(self.home, name)

    def _write(self, name, text):
        with open(self.path(name), 'w', encoding='ascii') as file:
            file.write(text)

    def _openssl(self, *words):
        run_of = subprocess.run(['openssl', *words], stdin=subprocess.DEVNULL, check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                timeout=SECONDS_MAX)
        if run_of.returncode:
            raise Failed(run_of.stdout.decode('utf-8', 'replace'))

    def issue(self, name, **changes):
        """Paths of certificate and key."""
        asked = {**GOOD, **changes}
        certificate, key = self.path(name + '.pem'), self.path(name + '.key')
        self._write('extensions', '[ more ]\nbasicConstraints=CA:FALSE\n' + asked['extensions'])
        self._openssl('req', '-new', '-batch', '-noenc', '-config', '/dev/null', *asked['key'],
                      '-utf8', '-subj', asked['subject'], '-keyout', key, '-out',
                      self.path('request'), '-sha256')
        self._openssl('ca', '-batch', '-notext', '-preserveDN', '-config', self.path('config'),
                      '-in', self.path('request'), '-out', certificate, '-md', asked['md'],
                      '-startdate', asked['starts'], '-enddate', asked['ends'], '-extensions',
                      'more', '-extfile', self.path('extensions'))
        return certificate, key

    def revoke(self, certificate):
        self._openssl('ca', '-config', self.path('config'), '-revoke', certificate)

    def list_revoked(self):
        """Path of a new list."""
        self._openssl('ca', '-config', self.path('config'), '-gencrl', '-out', self.path('crl'))
        return self.path('crl')


class Town(World):
    """A world whose terminals' certificates come from an office of their own."""

    def __init__(self):
        self.folder = Folder()
        self.office = Office(self.folder)
        self.other = Office(self.folder, 'other')
        super().__init__()
        self.authorities = []
        self.trust(self.office)

    def trust(self, *offices, crl=None):
        """From now on, without a restart: the terminals' authorities, and whom they revoked."""
        server = self.server
        with open(self.folder.file('trusted'), 'wb') as trusted:
            for path in [server.folder.file('ca.pem')] + [office.path('ca.pem')
                                                          for office in offices]:
                with open(path, 'rb') as file:
                    trusted.write(file.read())
        server.settings['tls']['ca_file'] = self.folder.file('trusted')
        server.settings['tls'].pop('crl_file', None)
        if crl:
            server.settings['tls']['crl_file'] = crl
        self.reload()

    def reload(self):
        self.server.reload()
        if 'event=reload_failed' in self.server.process.log():
            raise Failed(self.server.process.log()[-2000:])

    def context(self, paths=None):
        context = ssl.create_default_context(cafile=self.server.folder.file('ca.pem'))
        context.set_ciphers('DEFAULT:@SECLEVEL=0')
        if paths:
            context.load_cert_chain(*paths)
        return context

    def ask(self, paths, terminal=101):
        """How a session with the certificate ends: a status, or 'no handshake'."""
        try:
            with Connection(HOST, self.server.tls_port, self.context(paths)) as connection:
                if connection.hello().status != 'OK':
                    return 'no HELLO'
                return connection.auth_by_certificate(terminal).status
        except (OSError, Unanswered):
            return 'no handshake'

    def close(self):
        super().close()
        self.folder.close()


# What is wrong, how it is made, and how it may end.
SHUT = ('no handshake',)
FAILED = ('AUTH_FAILED',)
MATRIX = [
    ('nothing', {}, ('OK',)),
    ('nothing, with RSA', {'key': ['-newkey', 'rsa:2048']}, ('OK',)),
    ('it has ended', {'ends': '20200201000000Z'}, SHUT),
    ('it has not begun', {'starts': '20480101000000Z'}, SHUT),
    ('it is a server\'s', {'extensions': 'extendedKeyUsage=serverAuth'}, SHUT),
    ('it signs code', {'extensions': 'extendedKeyUsage=codeSigning'}, SHUT),
    ('it does not sign', {'extensions': 'keyUsage=keyCertSign'}, SHUT),
    ('an unknown critical extension', {'extensions': '1.2.3.4=critical,ASN1:UTF8:x'}, SHUT),
    ('a short RSA key', {'key': ['-newkey', 'rsa:1024']}, SHUT),
    ('signed by SHA-1', {'md': 'sha1'}, SHUT),
    ('another terminal', {'subject': '/CN=terminal:102'}, FAILED),
    ('a terminal that is unknown', {'subject': '/CN=terminal:999'}, FAILED),
    ('no name', {'subject': '/O=terminal:101'}, FAILED),
    ('two names', {'subject': '/CN=terminal:101/CN=terminal:102'}, FAILED),
    ('two names, the other first', {'subject': '/CN=terminal:102/CN=terminal:101'}, FAILED),
    ('a number that wraps', {'subject': '/CN=terminal:4294967397'}, FAILED),
    ('a number with a zero', {'subject': '/CN=terminal:0101'}, FAILED),
    ('a number with a sign', {'subject': '/CN=terminal:\\+101'}, FAILED),
    ('a number with a blank', {'subject': '/CN=terminal: 101'}, FAILED),
    ('something behind', {'subject': '/CN=terminal:101 '}, FAILED),
    ('something before', {'subject': '/CN=xterminal:101'}, FAILED),
    ('capitals', {'subject': '/CN=Terminal:101'}, FAILED),
    ('other digits', {'subject': '/CN=terminal:\uff11\uff10\uff11'}, FAILED),
    ('the name in another field', {'subject': '/CN=till/O=terminal:101', 'extensions':
                                   'subjectAltName=DNS:terminal101'}, FAILED),
    ('it speaks for partner\'s system', {'subject': '/CN=terminal:150'}, FAILED),
]


# Cases.

def every_certificate_ends_as_its_row_says(world):
    for i, (what, changes, wanted) in enumerate(MATRIX):
        found = world.ask(world.office.issue('row%d' % i, **changes))
        if found not in wanted:
            raise AssertionError('%s: %s' % (what, found))


def a_strangers_authority_counts_for_nothing(world):
    """Another's, one of the same name, and a terminal's certificate in an authority's place."""
    expect_equal(world.ask(world.other.issue('stranger')), 'no handshake')
    lookalike = Folder()
    try:
        office = Office(lookalike)
        expect_equal(world.ask(office.issue('lookalike')), 'no handshake')
    finally:
        lookalike.close()
    leaf, key = world.office.issue('parent')
    home = world.other.home
    chain = os.path.join(home, 'chain.pem')
    request = os.path.join(home, 'child.request')
    child_key = os.path.join(home, 'child.key')
    world.other._openssl('req', '-new', '-noenc', '-config', '/dev/null', *EC, '-subj',
                         '/CN=terminal:101', '-keyout', child_key, '-out', request)
    world.other._openssl('x509', '-req', '-in', request, '-CA', leaf, '-CAkey', key,
                         '-CAcreateserial', '-days', '2', '-out', chain)
    with open(chain, 'ab') as file, open(leaf, 'rb') as parent:
        file.write(parent.read())
    expect_equal(world.ask((chain, child_key)), 'no handshake')
    expect_equal(world.ask(None), 'AUTH_FAILED')


def another_authority_is_taken_up_and_the_old_one_let_go(world):
    """With an overlap, without a restart, and without an end to who is in."""
    old, new = world.office.issue('old'), world.other.issue('new')
    session = world.server.connect(world.context(old))
    session.hello()
    expect(session.auth_by_certificate(101))
    expect_equal((world.ask(old), world.ask(new)), ('OK', 'no handshake'))
    world.trust(world.office, world.other)
    expect_equal((world.ask(old), world.ask(new)), ('OK', 'OK'))
    world.trust(world.other)
    expect_equal((world.ask(old), world.ask(new)), ('no handshake', 'OK'))
    expect(session.call('PING'))
    session.close()
    world.trust(world.office)


def who_is_revoked_is_out_also_with_a_ticket(world):
    good, lost = world.office.issue('good'), world.office.issue('lost')
    world.trust(world.office, crl=None)
    context = world.context(lost)
    with Connection(HOST, world.server.tls_port, context) as connection:
        connection.hello()
        expect(connection.auth_by_certificate(101))
        ticket = connection._socket.session
    with resumed(world, context, ticket) as connection:
        expect_equal(connection._socket.session_reused, True)
        connection.hello()
        expect(connection.auth_by_certificate(101))
    world.office.revoke(lost[0])
    world.trust(world.office, crl=world.office.list_revoked())
    expect_equal((world.ask(good), world.ask(lost)), ('OK', 'no handshake'))
    try:
        with resumed(world, context, ticket) as connection:
            expect_equal(connection._socket.session_reused, False)
            connection.hello()
            status = connection.auth_by_certificate(101).status
    except (OSError, Unanswered):
        status = 'no handshake'
    expect_equal(status, 'no handshake')


def resumed(world, context, ticket):
    """A connection that offers a ticket."""
    wrap = context.wrap_socket

    class Offering:
        """What Connection asks of a context."""

        @staticmethod
        def wrap_socket(peer, **options):
            return wrap(peer, session=ticket, **options)

    return Connection(HOST, world.server.tls_port, Offering)


CASES = [
    every_certificate_ends_as_its_row_says,
    a_strangers_authority_counts_for_nothing,
    another_authority_is_taken_up_and_the_old_one_let_go,
    who_is_revoked_is_out_also_with_a_ticket,
]


if __name__ == '__main__':
    sys.exit(run(CASES, Town))
