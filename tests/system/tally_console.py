#!/usr/bin/env python3
"""tally_console.py - the operators' program: for scripts, and for people on a terminal."""
import json
import os
import re
import signal
import subprocess
import sys
import termios

from desk import CLIENT, PASSWORD, PROMPT, Desk, Terminal, hear_earn
from server import HOST, SECONDS_MAX, await_true
from world import Tap, expect_equal, run_together

DONE, REFUSED, LOST, UNKNOWN, LOGIN, USAGE = range(6)


def run_client(desk, *words, given=''):
    """Exit status, output and complaints of the client at the socket."""
    run = subprocess.run([CLIENT, '-s', desk.socket_path(), *words], input=given,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding='utf-8',
                         timeout=SECONDS_MAX, check=False)
    return run.returncode, run.stdout, run.stderr


def run_at_port(desk, *words, given='', port=None):
    return run_client(desk, '-c', '%s:%d' % (HOST, port or desk.port()), *words, given=given)


def password_file(desk, password=PASSWORD):
    path = desk.server.folder.write('password', (password + '\n').encode())
    os.chmod(path, 0o600)
    return path


class Client(Terminal):
    """The client with a person in front of it; its history is in the desk's folder."""

    def __init__(self, desk, *words):
        super().__init__(CLIENT, '-s', desk.socket_path(), *words,
                         TALLYGATE_HISTORY=desk.server.folder.file('state', 'history'))

    def hear_prompt(self):
        """What came up to the prompt.  Keys mean something to the editor once it reads them."""
        heard = self.hear(PROMPT)
        await_true(lambda: not termios.tcgetattr(self.fd)[3] & termios.ICANON, 'the editor reads')
        return heard

    def ask(self, line):
        """What was printed for a line."""
        self.say(line)
        self.hear(re.escape(line) + r'\r*\n')
        return self.hear_prompt()


# Scripts.

def the_status_tells_how_a_command_ended(desk):
    status, printed, complaint = run_client(desk, 'show', 'version')
    expect_equal((status, complaint), (DONE, ''))
    assert printed.startswith('what '), printed
    status, printed, complaint = run_client(desk, 'partner', 'add', '1')
    expect_equal((status, printed), (REFUSED, ''))
    assert complaint.startswith('error '), complaint
    for line in ('nonsense', 'sh', 'show', 'show nothing'):
        status, _, complaint = run_client(desk, *line.split())
        expect_equal(status, UNKNOWN)
        assert complaint.startswith('error no command'), complaint
    expect_equal(run_client(desk, '-s', '/nowhere/sock', 'show', 'version')[0], LOST)
    expect_equal(run_client(desk, '--nonsense')[0], USAGE)
    expect_equal(run_client(desk, '--tls', 'quit')[0], USAGE)
    expect_equal(run_client(desk, 'member', 'x' * 2000)[0], REFUSED)


def words_with_blanks_arrive_whole(desk):
    expect_equal(run_client(desk, 'partner', 'change', '2', 'name=Book "shop" \\ 1')[0], DONE)
    assert 'Book "shop" \\ 1' in '\n'.join(desk.server.console.do('partner show 2'))
    desk.server.console.do('partner change 2 name=Two')


def lines_of_standard_input_are_run(desk):
    script = '# a comment\n\nshow version\r\npartner add 1\nnonsense\nshow sink\n'
    status, printed, complaint = run_client(desk, given=script)
    expect_equal(status, REFUSED)
    expect_equal(len(complaint.splitlines()), 2)
    assert 'program' in printed and 'sink.enabled' in printed, printed
    status, printed, complaint = run_client(desk, '-e', given=script)
    expect_equal((status, len(complaint.splitlines())), (REFUSED, 1))
    assert 'sink.enabled' not in printed, printed
    expect_equal(run_client(desk, given='nonsense\npartner add 1\n')[0], UNKNOWN)
    expect_equal(run_client(desk, given='quit\npartner add 1\n'), (DONE, 'bye\n', ''))
    expect_equal(run_client(desk), (DONE, '', ''))


def rows_are_json_when_asked_for(desk):
    status, printed, _ = run_client(desk, '--json', 'show', 'partners')
    expect_equal(status, DONE)
    expect_equal([json.loads(line)['number'] for line in printed.splitlines()
                  if line.startswith('{')], [1, 2, 3])


def scripts_log_in_by_a_file(desk):
    name, path = desk.name('admin'), password_file(desk)
    status, printed, complaint = run_at_port(desk, '-u', name, '-p', path, 'show', 'version')
    expect_equal((status, complaint), (DONE, ''))
    assert printed.startswith('what '), printed
    expect_equal(run_at_port(desk, '-u', name, '-p', '-',
                             given=PASSWORD + '\nshow version\nquit\n')[0], DONE)
    expect_equal(run_at_port(desk, '-u', desk.name('viewer'), '-p', path, 'snapshot')[0], REFUSED)
    os.chmod(path, 0o640)
    status, _, complaint = run_at_port(desk, '-u', name, '-p', path, 'show', 'version')
    expect_equal(status, LOGIN)
    assert 'others may read it' in complaint, complaint
    expect_equal(run_at_port(desk, '-u', name, '-p', '/nowhere', 'quit')[0], LOGIN)


def a_refused_login_is_told_apart(desk):
    path = password_file(desk, 'a wrong password')
    status, printed, complaint = run_at_port(desk, '-u', desk.name('operator'), '-p', path,
                                             'show', 'version')
    expect_equal((status, printed), (LOGIN, ''))
    assert 'login refused' in complaint, complaint
    # Without a terminal there is nobody to ask.
    run = subprocess.run([CLIENT, '-c', str(desk.port()), 'quit'], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                         timeout=SECONDS_MAX, check=False)
    expect_equal(run.returncode, LOGIN)
    assert b'--user' in run.stderr, run.stderr


# People.

def a_person_logs_in_unseen(desk):
    client = Client(desk, '-c', str(desk.port()))
    client.hear('login: ')
    client.say(desk.name('admin'))
    client.hear('password: ')
    client.say(PASSWORD)
    heard = client.hear_prompt()
    assert PASSWORD not in heard and 'lists the commands' in heard, heard
    assert 'admin' in client.ask('show operators')
    client.say('quit')
    heard, status = client.hear_end()
    expect_equal(status, DONE)
    assert 'bye' in heard, heard
    client.close()


def commands_and_arguments_are_completed(desk):
    client = Client(desk)
    client.hear_prompt()
    for typed, wanted in (('sho\tvers\t', 'show version '),
                          ('partner ch\t7 na\t', 'partner change 7 name='),
                          ('par ch\t7 base_g\t', 'par change 7 base_gross='),
                          ('help show vers\t', 'help show version '),
                          ('every 2s show vers\t', 'every 2s show version '),
                          ('set limits.in_f\t', 'set limits.in_flight '),
                          ('tail ki\t', 'tail kind='),
                          ('log level w\t', 'log level warn '),
                          ('import stores /etc/host\t', 'import stores /etc/host'),
                          ('format j\t', 'format json ')):
        client.type(typed)
        client.hear(re.escape(wanted))
        client.type('\x03')
        client.hear_prompt()
    client.type('block \t')
    heard = client.hear('identifier')
    client.hear('terminal')
    assert 'unblock' not in heard, heard
    # The line stands again below the list; only then is there something to interrupt.
    client.hear_prompt()
    client.hear('block ')
    client.type('\x03')
    client.hear_prompt()
    client.type('terminal show \t')
    client.hear('<number>')
    client.hear_prompt()
    client.hear('terminal show ')
    client.type('\x03')
    client.hear_prompt()
    client.type('\x04')
    expect_equal(client.hear_end()[1], DONE)
    client.close()


def lines_are_remembered_from_one_session_to_the_next(desk):
    client = Client(desk)
    client.hear_prompt()
    assert 'what' in client.ask('show version')
    client.type('\x04')
    expect_equal(client.hear_end()[1], DONE)
    client.close()
    path = desk.server.folder.file('state', 'history')
    expect_equal(os.stat(path).st_mode & 0o777, 0o600)
    client = Client(desk)
    client.hear_prompt()
    client.type('\x10')			# Ctrl-P, the line before
    client.hear('show version')
    client.type('\r')
    client.hear('program')
    client.hear_prompt()
    client.close()


def an_interrupt_ends_the_watching_and_not_the_session(desk):
    client = Client(desk)
    client.hear_prompt()
    client.say('every 100ms show version')
    for _ in range(3):
        client.hear('program')
    client.type('\x03')
    client.hear(r'runs=\d+')
    client.hear_prompt()
    client.say('tail kind=earn')
    client.hear(r'tail kind=earn\r*\n')
    hear_earn(desk, client)
    client.type('\x03')
    client.hear(r'shown=\d+ dropped=0')
    client.hear_prompt()
    # At the prompt it gives up the line.
    client.type('shutdown yes\x03')
    client.hear_prompt()
    assert 'program' in client.ask('show version')
    client.close()


def an_interrupt_ends_one_command(desk):
    client = Client(desk, 'every', '100ms', 'show', 'version')
    client.hear('program')
    client.type('\x03')
    heard, status = client.hear_end()
    expect_equal(status, DONE)
    assert 'runs=' in heard, heard
    client.close()


def the_end_of_the_gateway_is_told(desk):
    client, watching = Client(desk), Client(desk, 'every', '100ms', 'show', 'version')
    client.hear_prompt()
    watching.hear('program')
    desk.hang_up()
    desk.server.process.signal(signal.SIGTERM)
    heard, status = client.hear_end()
    expect_equal(status, LOST)
    assert 'closed the connection' in heard, heard
    expect_equal(watching.hear_end()[1], LOST)
    client.close()
    watching.close()
    desk.server.await_end()
    desk.server.start()


# TLS.

def the_port_with_tls_is_known_by_its_certificate(desk):
    authority = desk.server.folder.file('ca.pem')
    login = ('-u', desk.name('viewer'), '-p', password_file(desk), 'show', 'version')
    port = str(desk.port())
    status, printed, complaint = run_client(desk, '-c', 'localhost:' + port, '-t', '--ca',
                                            authority, *login)
    expect_equal((status, complaint), (DONE, ''))
    assert printed.startswith('what '), printed
    for words, why in ((('-t',), 'TLS with localhost: '),
                       (('-t', '--ca', authority, '--server-name', 'elsewhere'), 'elsewhere'),
                       (('-t', '--ca', '/nowhere'), 'no certificates'),
                       ((), 'no greeting')):
        status, printed, complaint = run_client(desk, '-c', 'localhost:' + port, *words, *login)
        expect_equal((status, printed), (LOST, ''))
        assert why in complaint, complaint
    status, _, complaint = run_client(desk, '-c', '127.0.0.1:' + port, '-t', '--ca', authority,
                                      '--server-name', 'localhost', *login)
    expect_equal((status, complaint), (DONE, ''))


SHARED = [
    the_status_tells_how_a_command_ended,
    words_with_blanks_arrive_whole,
    lines_of_standard_input_are_run,
    rows_are_json_when_asked_for,
    scripts_log_in_by_a_file,
    a_refused_login_is_told_apart,
    a_person_logs_in_unseen,
    commands_and_arguments_are_completed,
    lines_are_remembered_from_one_session_to_the_next,
    an_interrupt_ends_the_watching_and_not_the_session,
    an_interrupt_ends_one_command,
    the_end_of_the_gateway_is_told,
]


def main():
    tap = Tap()
    run_together(tap, SHARED, Desk)
    run_together(tap, [the_port_with_tls_is_known_by_its_certificate],
                 lambda: Desk(is_tls=True))
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
