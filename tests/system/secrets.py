#!/usr/bin/env python3
"""secrets.py - keys, passwords, codes and card numbers are looked for wherever they must not be.

A gateway is given secrets that are easy to recognise, works with all of them, is asked for all that
it tells, and then everything that is left is searched: log, console, pages, arguments and
environment of processes, data files, MariaDB, and an image of the memory as a core dump has it.
"""
import base64
import glob
import os
import re
import resource
import sys

import server
from desk import Desk, PASSWORD, Port
from server import INSTANCE, Database, await_true
from tallygate import terminal_key
from tap import Tap
from world import await_sink, expect, expect_equal, run_together

CARD = '4902987612345'
PHONE = '+4915112345678'
RECEIPT = 'receipt-is-no-secret'
WRONG_PASSWORD = 'wrong horse staple'
# Such as are nowhere by chance.
MASTER_KEY = server.MASTER_KEY = os.urandom(32)
IDENTIFIER_KEY = server.IDENTIFIER_KEY = os.urandom(32)


def spellings(secret):
    """How a secret may come to be written."""
    octets = secret if isinstance(secret, bytes) else secret.encode('utf-8')
    found = {octets, octets.hex().encode(), octets.hex().upper().encode(),
             base64.b64encode(octets).rstrip(b'=')}
    if len(octets) > 16:
        found |= {octets[:16], octets[-16:]}
    return found


class Secrets(Desk):
    """A desk that remembers what it must keep."""

    def __init__(self, **options):
        super().__init__(**options)
        self.said = ''			# all that console and pages have told
        self.secrets = {
            'the master key': MASTER_KEY, 'the key of the identifiers': IDENTIFIER_KEY,
            'a terminal\'s key': terminal_key(MASTER_KEY, INSTANCE, 201, 1),
            'an operator\'s password': PASSWORD, 'a password that was wrong': WRONG_PASSWORD,
            'a card\'s number': CARD, 'a phone\'s number': PHONE}

    def use_all(self):
        """Each secret is used, some in vain."""
        console = self.server.console
        console.do('log level debug')
        till = self.till(201)
        enroll = self.request('ENROLL', identifier_type=1, identifier=CARD, new_type=2,
                              new_identifier=PHONE)
        expect(enroll.send(till))
        for fields in ({'identifier_type': 1, 'identifier': CARD},
                       {'identifier_type': 2, 'identifier': PHONE}):
            receipt = RECEIPT + str(fields['identifier_type'])
            expect(self.request('EARN', amount=100, receipt=receipt, **fields).send(till))
            till.call('INQUIRY', **fields)
        till.call('INQUIRY', identifier_type=2, identifier=CARD)
        self.server.open(101, is_tls=True).close()
        with self.server.connect() as session:
            session.hello()
            session.auth_by_key(201, 1, terminal_key(MASTER_KEY, 'other', 201, 1))
        caller = self.caller('admin')
        for command in ('show config', 'member card:' + CARD, 'identifier phone:' + PHONE,
                        'block identifier card:' + CARD, 'unblock identifier card:' + CARD,
                        'terminal add 203 partner=2 store=21', 'terminal code 203'):
            assert caller.ask(command).startswith('ok'), command
            code = re.search(r'[0-9A-Z]{4,5}(?:-[0-9A-Z]{4,5}){2,}', ''.join(caller.last))
            if code:
                self.secrets['an activation code'] = code.group(0)
        caller.close()
        assert 'an activation code' in self.secrets
        port = Port(self.port())
        port.log_in(self.name('viewer'), WRONG_PASSWORD)
        port.close()

    def hear_all(self):
        """Whatever console and pages tell."""
        console, said = self.server.console, []
        for row in self.commands():
            words = row['command']
            if words.startswith(('show', 'help')):
                said += console.ask(words)
        for path in ('/metrics', '/healthz', '/readyz', '/', '/status'):
            said.append(self.server.fetch(path)[2].decode('utf-8', 'replace'))
        said += console.ask('record %d' % console.do('show journal').figure('durable sequence'))
        self.said = '\n'.join(said)


def expect_none(world, octets, where, leave_out=()):
    found = [what for what, secret in world.secrets.items() if what not in leave_out
             and any(spelling in octets for spelling in spellings(secret))]
    if found:
        raise AssertionError('%s: %s' % (where, ', '.join(found)))


# Cases.

def secrets_are_found_when_they_are_there(world):
    """The search itself can fail."""
    world.use_all()
    for what, secret in world.secrets.items():
        for spelling in spellings(secret):
            try:
                expect_none(world, b'..' + spelling + b'..', 'here')
            except AssertionError as error:
                assert what in str(error), error
                continue
            raise AssertionError(what + ' is not found')


def the_log_has_none(world):
    log = world.server.process.log().encode('utf-8')
    assert b'event=auth_failed' in log and b'command=login' in log
    expect_none(world, log, 'the log')


def console_and_pages_tell_none(world):
    world.hear_all()
    assert 'tallygate_connections' in world.said and 'master_file' in world.said
    expect_none(world, world.said.encode('utf-8'), 'console or pages')


def processes_show_none(world):
    for pid in [world.server.process.pid]:
        for name in ('cmdline', 'environ'):
            with open('/proc/%d/%s' % (pid, name), 'rb') as file:
                expect_none(world, file.read(), name)


def files_have_none(world):
    """Journal, snapshot, archive, and whatever else is in the data directory."""
    world.server.console.do('snapshot')
    await_true(lambda: glob.glob(world.server.folder.file('data', 'snapshot-*')), 'a snapshot')
    count = 0
    for where, _, names in os.walk(world.server.folder.file('data')):
        for name in names:
            path = os.path.join(where, name)
            if os.path.isfile(path):
                with open(path, 'rb') as file:
                    expect_none(world, file.read(), name)
                count += 1
    assert count >= 3, count


def mariadb_has_none(world):
    await_sink(world)
    tables = [row[0] for row in world.database.query('SHOW FULL TABLES WHERE Table_type = '
                                                     '"BASE TABLE"')]
    text = '\n'.join('\t'.join(row) for table in tables
                     for row in world.database.query('SELECT * FROM `%s`' % table))
    assert RECEIPT in text
    expect_none(world, text.encode('utf-8'), 'MariaDB')


def dumped_memory(pid):
    """The private memory that the kernel would write: without what is marked not to be dumped."""
    with open('/proc/%d/smaps' % pid, encoding='ascii') as file:
        mappings = re.findall(r'^([0-9a-f]+)-([0-9a-f]+) (\S+) .*\n(?:[A-Z]\w+: .*\n)*?'
                              r'VmFlags: (.*)$', file.read(), re.M)
    with open('/proc/%d/mem' % pid, 'rb', 0) as memory:
        for begin, end, rights, flags in mappings:
            if not rights.startswith('rw') or 'dd' in flags.split():
                continue
            at, end = int(begin, 16), int(end, 16)
            while at < end:
                memory.seek(at)
                piece = memory.read(min(end - at, 1 << 20))
                if piece.strip(b'\0'):
                    yield piece
                at += len(piece)


def a_core_dump_has_no_key(world):
    """As the kernel would write one: pages marked so are left out.

    What a till has just sent may lie in buffers, card numbers among it, a code that an operator was
    just shown, too, and OpenSSL's HMAC keeps the identifiers' key; so the process forbids dumps of
    itself.  The keys that everything hangs on are never in one.
    """
    soft, _ = resource.prlimit(world.server.process.pid, resource.RLIMIT_CORE)
    expect_equal(soft, 0)
    octets = b''.join(dumped_memory(world.server.process.pid))
    assert b'tallygate' in octets and len(octets) > 1 << 20
    expect_none(world, octets, 'a core dump', leave_out=(
        'an activation code', 'a card\'s number', 'a phone\'s number',
        'the key of the identifiers'))


CASES = [
    secrets_are_found_when_they_are_there,
    the_log_has_none,
    console_and_pages_tell_none,
    processes_show_none,
    files_have_none,
    mariadb_has_none,
    a_core_dump_has_no_key,
]


def main():
    tap = Tap()
    missing = Database.missing()
    if missing:
        tap.skip('no secret is anywhere', missing)
        return tap.end()
    database = Database()
    try:
        database.start()
        run_together(tap, CASES, lambda: Secrets(database=database))
    finally:
        database.close()
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
