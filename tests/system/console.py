#!/usr/bin/env python3
"""console.py - operators at the loopback port: telnet, roles, what commands do to live tills."""
import re
import socket
import sys
import time

from desk import LOCKOUT_MS, PASSWORD, PROMPT, ROLES, Desk, Port, Telnet, hear_earn
from server import HOST, SECONDS_MAX, await_true
from world import Tap, expect, expect_equal, expect_within, run_together

BLOCK_SECONDS_MAX = 1.0
LOCKOUT_TRIES = 10


# Logging in.

def operators_are_made_by_tally_passwd(desk):
    expect_equal(desk.passwd('add', 'ida', 'operator'), (0, ''))
    expect_equal(desk.passwd('add', 'ida', 'viewer')[0], 1)
    expect_equal(desk.passwd('add', 'Ida', 'viewer')[0], 1)
    expect_equal(desk.passwd('add', 'iwo', 'king')[0], 1)
    expect_equal(desk.passwd('add', 'iwo', 'viewer', password='short')[0], 1)
    expect_equal(desk.passwd('role', 'ida', 'admin'), (0, ''))
    expect_equal(desk.passwd('list')[1].split(), ['ida', 'admin'])
    expect_equal(desk.passwd('change', 'ida', password='another password'), (0, ''))
    telnet = Telnet(desk.port())
    assert 'error login refused' in telnet.log_in('ida')
    assert '\nok' in telnet.log_in('ida', 'another password')
    telnet.close()
    expect_equal(desk.passwd('remove', 'ida'), (0, ''))
    expect_equal(desk.passwd('remove', 'ida')[0], 1)
    expect_equal(desk.passwd('nonsense')[0], 2)


def telnet_does_not_show_a_password(desk):
    expect_equal(desk.passwd('add', 'may', 'viewer'), (0, ''))
    telnet = Telnet(desk.port())
    telnet.hear('login: ')
    telnet.say('may')
    telnet.hear('password: ')
    telnet.say(PASSWORD)
    heard = telnet.hear(PROMPT)
    assert PASSWORD not in heard, heard
    heard = telnet.ask('show version')[1]
    assert 'show version' in heard, heard
    expect_equal(telnet.ask('nonsense')[0], 'error no command "nonsense" here; try help')
    assert PASSWORD not in desk.server.process.log()
    telnet.close()


def too_many_wrong_passwords_lock_a_name_for_a_while(desk):
    expect_equal(desk.passwd('add', 'leo', 'viewer'), (0, ''))

    def is_refused():
        telnet = Telnet(desk.port())
        telnet.log_in('leo', 'wrong')
        began = time.monotonic()
        telnet.log_in('leo', 'wrong again')
        said = telnet.log_in('leo')
        telnet.close()
        # Who is let in must have come when the time was over.
        assert 'error login refused' in said or time.monotonic() - began > LOCKOUT_MS / 1000, said
        return 'error login refused' in said

    assert any(is_refused() for _ in range(LOCKOUT_TRIES))
    desk.server.process.await_log('locked out')

    def is_let_in():
        again = Telnet(desk.port())
        is_in = '\nok' in again.log_in('leo')
        again.close()
        return is_in

    await_true(is_let_in, 'the end of the lock-out')


def each_role_is_refused_what_is_above_it(desk):
    for role in ROLES:
        telnet = desk.operator(role)
        for row in desk.commands():
            if ROLES.index(row['right']) > ROLES.index(role):
                expect_equal(telnet.ask(row['command'])[0],
                             'error this needs the right of ' + row['right'])
        telnet.close()


def every_command_is_there_and_wants_its_arguments(desk):
    telnet = desk.operator('admin')
    for row in desk.commands():
        words, arguments = row['command'], row['arguments']
        end, answer = telnet.ask('help ' + words)
        assert end.startswith('ok') and words in answer, answer
        if arguments and not arguments.startswith('['):
            end = telnet.ask(words)[0]
            assert end.startswith('error say: ' + words), end
        elif words not in ('quit', 'tail', 'snapshot', 'reload'):
            end = telnet.ask(words)[0]
            assert end.startswith('ok'), (words, end)
    telnet.close()


# What commands do.

def a_blocked_terminal_is_gone_within_a_second(desk):
    telnet = desk.operator('operator')

    def block():
        till = desk.server.open(102)
        expect(till.call('PING'))
        began = time.monotonic()
        assert telnet.ask('block terminal 102')[0].startswith('ok')
        till.await_close()
        took = time.monotonic() - began
        till.close()
        assert telnet.ask('unblock terminal 102')[0].startswith('ok')
        return took

    expect_within(BLOCK_SECONDS_MAX, block)
    desk.server.open(102).close()
    end, answer = telnet.ask('show audit 2')
    assert answer.count('bob') == 2 and 'terminal 102' in answer, answer
    telnet.close()


def a_killed_session_is_gone_and_may_come_back(desk):
    till = desk.server.open(102)
    telnet = desk.operator('operator')
    row = re.search(r'\n +(\d+) [^\n]*\b102 ', telnet.ask('show sessions')[1])
    assert telnet.ask('kill session ' + row.group(1))[0].startswith('ok record=')
    till.await_close()
    desk.server.open(102).close()
    telnet.close()


def a_tail_shows_live_records_until_something_is_said(desk):
    telnet = desk.operator('viewer')
    telnet.say('tail kind=earn')
    telnet.hear('tail kind=earn')
    hear_earn(desk, telnet)
    telnet.say('')
    end = telnet.hear(r'\nok shown=\d+[^\n]*\n')
    assert 'dropped=0' in end, end
    telnet.close()


def a_key_is_set_until_the_next_reload(desk):
    telnet = desk.operator('admin')
    assert telnet.ask('set limits.in_flight 7')[0].startswith('ok record=')
    assert re.search(r'limits.in_flight +7 ', telnet.ask('show config')[1])
    assert 'needs a restart' in telnet.ask('set gateway.io_threads 2')[0]
    assert 'out of bounds' in telnet.ask('set limits.in_flight 0')[0]
    assert 'no key' in telnet.ask('set limits.nothing 1')[0]
    assert telnet.ask('log level debug')[0].startswith('ok record=')
    assert telnet.ask('reload')[0].startswith('ok record=')
    assert re.search(r'limits.in_flight +32 ', telnet.ask('show config')[1])
    telnet.close()


def the_kill_switch_of_burns_outlives_a_restart(desk):
    member = desk.member(points=100)
    desk.server.console.do('burn off all')
    desk.hang_up()
    desk.server.stop()
    desk.server.start()
    answer = desk.till().call('BURN', **desk.request('BURN', member=member, points=1).fields)
    expect(answer, 'BURN_OFF')
    desk.server.console.do('burn on all')
    answer = desk.till().call('BURN', **desk.request('BURN', member=member, points=1).fields)
    expect(answer)


SHARED = [
    operators_are_made_by_tally_passwd,
    telnet_does_not_show_a_password,
    too_many_wrong_passwords_lock_a_name_for_a_while,
    each_role_is_refused_what_is_above_it,
    every_command_is_there_and_wants_its_arguments,
    a_blocked_terminal_is_gone_within_a_second,
    a_killed_session_is_gone_and_may_come_back,
    a_tail_shows_live_records_until_something_is_said,
    a_key_is_set_until_the_next_reload,
    the_kill_switch_of_burns_outlives_a_restart,
]


# TLS.

def the_port_speaks_tls(desk):
    expect_equal(desk.passwd('add', 'ann', 'admin'), (0, ''))
    port = Port(desk.port(), desk.server.authority.context())
    assert port.log_in('ann').startswith('ok')
    expect_equal(port.ask('quit'), 'ok bye')
    port.close()


def the_port_with_tls_gives_nothing_to_a_plain_peer(desk):
    with socket.create_connection((HOST, desk.port()), SECONDS_MAX) as plain:
        plain.sendall(b'ann\r\n')
        heard = plain.recv(4096)
        assert b'login' not in heard, heard


def main():
    tap = Tap()
    run_together(tap, SHARED, Desk)
    run_together(tap, [the_port_speaks_tls, the_port_with_tls_gives_nothing_to_a_plain_peer],
                 lambda: Desk(is_tls=True))
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
