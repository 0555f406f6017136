#!/usr/bin/env python3
"""service.py - who is served: drains of all and of one partner, blocks, keys that rotate."""
import functools
import re
import sys
import threading
import time

from desk import PROMPT, Desk, Telnet
from server import Database, Failed, await_true
from tallygate import Unanswered, new_id
from world import (Tap, World, await_sink, expect, expect_equal, expect_within, numbers, run_case,
                   run_together, title)

GONE_SECONDS_MAX = 1.0
DRAINED_PARTNER = 2
SHUTTING_DOWN, BLOCKED = numbers('SHUTTING_DOWN', 'BLOCKED')


class Trade(threading.Thread):
    """A terminal of its own connection that earns without a pause; how long each answer took."""

    def __init__(self, world, terminal, member):
        super().__init__(daemon=True)
        self.seconds = []		# [when it was sent, how long it took]
        self.refusals = []
        self._world = world
        self._member = member
        self._is_over = threading.Event()
        self.connection = world.server.open(terminal)
        self._business_time = world.now()

    def run(self):
        while not self._is_over.is_set():
            began = time.monotonic()
            try:
                answer = self.connection.call('EARN', transaction_id=new_id(), amount=100,
                                              business_time=self._business_time,
                                              member=self._member)
            except (OSError, Unanswered) as error:
                self.refusals.append(repr(error))
                return
            self.seconds.append((began, time.monotonic() - began))
            if answer.status != 'OK':
                self.refusals.append(repr(answer))

    def stop(self):
        self._is_over.set()
        self.join(60)
        self.connection.close()

    def await_more(self, count=50):
        """So many answers more."""
        wanted = len(self.seconds) + count
        await_true(lambda: len(self.seconds) >= wanted or self.refusals, 'more answers')


def p99_ms(times):
    ordered = sorted(times)
    return ordered[int(len(ordered) * 0.99)] * 1000 if ordered else 0.0


# Drains.

def received(console):
    return console.do('show stats').figure('requests received')


def a_drained_gateway_sends_all_away_and_comes_back(world):
    console, server = world.server.console, world.server
    tills = [server.open(number) for number in (201, 301)]
    member = world.member()
    requests = [world.request('EARN', member=member, amount=100) for _ in tills]
    world.hang_up()
    read = received(console) + len(tills)
    unanswered = [till.send('EARN', **request.fields) for till, request in zip(tills, requests)]
    # What is not read yet when the drain begins is answered SHUTTING_DOWN.
    await_true(lambda: received(console) >= read, 'requests read')
    reply = console.do('drain all yes')
    expect_equal(reply.facts['connections'], '0')
    for till, number in zip(tills, unanswered):
        expect(till.answer(number))
        till.await_close()
        expect_equal(till.notices[0]['outcome'], SHUTTING_DOWN)
        assert till.notices[0]['retry_after'] > 0, till.notices
    expect_equal(server.fetch('/readyz')[::2],
                 (503, b'drained: taken out of service by an operator\n'))
    expect_equal(server.fetch('/healthz')[0], 200)
    late = server.connect(server.authority.context(101))
    expect_equal(late.await_notice()['outcome'], SHUTTING_DOWN)
    late.await_close()
    assert any('drained' in line for line in console.do('show stats')), 'show stats'
    console.do('resume all')
    expect_equal(server.fetch('/readyz')[0], 200)
    expect(world.till(201).call('PING'))


def a_drained_partner_leaves_the_others_untouched(world):
    console = world.server.console
    member = world.member()
    others = [Trade(world, number, member) for number in (301, 102)]
    for trade in others:
        trade.start()
    for trade in others:
        trade.await_more(200)
    drained = Trade(world, 201, member)
    system = world.server.open(250)
    drained.start()
    drained.await_more()
    began = time.monotonic()
    reply = console.do('drain partner %d' % DRAINED_PARTNER)
    expect_equal(reply.facts['connections'], '0')
    for trade in others:
        trade.await_more(200)
    drained.stop()
    system.await_close()
    expect_equal(system.notices[0]['outcome'], SHUTTING_DOWN)
    rows = [line.split() for line in console.do('show partners')]
    expect_equal([(row[0], row[8]) for row in rows if row[0].isdigit()],
                 [('1', 'serving'), ('2', 'drained'), ('3', 'serving')])
    try:
        world.server.open(201)
        raise AssertionError('a terminal of a drained partner was let in')
    except Failed as error:
        assert 'SHUTTING_DOWN' in str(error), error
    console.do('resume partner %d' % DRAINED_PARTNER)
    world.server.open(201).close()
    for trade in others:
        trade.stop()
        expect_equal(trade.refusals, [])
    times = [pair for trade in others for pair in trade.seconds]
    print('# p99 of the others: %.2f ms before, %.2f ms while partner %d is drained' % (
        p99_ms([took for sent, took in times if sent < began]),
        p99_ms([took for sent, took in times if sent >= began]), DRAINED_PARTNER))


def a_batch_in_flight_is_answered_whole(world):
    console, system = world.server.console, world.server.open(250)
    member = world.member()
    items = [('EARN', world.request('EARN', member=member, amount=100).fields)
             for _ in range(2000)]
    number = system.send('BATCH', items=items)
    expect_equal(console.do('drain partner 2').facts['connections'], '0')
    answer = system.answer(number)
    # One that was not read yet when the drain began is refused as a whole.
    told = [item.status for item in answer['items']] if answer.status == 'OK' else [answer.status]
    assert set(told) <= {'OK', 'SHUTTING_DOWN'}, told
    assert answer.status != 'OK' or len(told) == len(items), len(told)
    system.await_close()
    console.do('resume partner 2')
    # What was refused is sent again, and nothing is booked twice.
    again = world.server.open(250)
    expect_equal({item.status for item in again.batch(items)}, {'OK'})
    again.close()
    expect_equal(world.available(member), len(items))
    print('# of a BATCH of %d items %d were done before the drain' % (len(items), told.count('OK')))


def a_drain_is_told_by_the_audit_and_not_kept(world):
    console = world.server.console
    console.do('drain partner 3')
    audit = '\n'.join(console.do('show audit 20'))
    for words in ('drain all', 'resume all', 'drain partner 2', 'resume partner 2',
                  'drain partner 3'):
        assert words in audit, audit
    expect_equal(console.ask('drain partner 99').is_ok, False)
    world.hang_up()
    world.server.stop()
    world.server.start()
    expect(world.till(301).call('PING'))


# Blocks.

def block(world, command, terminals):
    """Block, and unblock; how long it took until all of those terminals were gone."""
    console = world.server.console
    tills = [world.server.open(number) for number in terminals]
    for till in tills:
        expect(till.call('PING'))
    began = time.monotonic()
    console.do('block ' + command)
    for till in tills:
        till.await_close()
    took = time.monotonic() - began
    for till in tills:
        expect_equal(till.notices[0]['outcome'], BLOCKED)
        till.close()
    for number in terminals:
        try:
            world.server.open(number)
            raise AssertionError('%d was let in' % number)
        except Failed as error:
            assert 'BLOCKED' in str(error), error
    console.do('unblock ' + command)
    return took


def what_is_blocked_is_gone_within_a_second(world):
    for command, terminals in (('terminal 201', [201]), ('store 31', [301]),
                               ('partner 2', [201, 250])):
        took = expect_within(GONE_SECONDS_MAX, functools.partial(block, world, command, terminals))
        print('# block %s: the connections were closed after %.0f ms' % (command, took * 1000))
        for number in terminals:
            world.server.open(number).close()


def a_blocked_member_and_card_are_refused_at_once(world):
    console, card = world.server.console, world.card()
    member = expect(world.request('ENROLL', identifier_type=1, identifier=card).send(
        world.till()))['member']
    for words, status, name in (('member %d' % member, 'MEMBER_BLOCKED', {'member': member}),
                                ('identifier card:' + card, 'MEMBER_BLOCKED',
                                 {'identifier_type': 1, 'identifier': card})):
        console.do('block %s lost' % words)
        # Whatever is asked after the operator had his answer.
        expect(world.request('EARN', amount=100, **name).send(world.till(201)), status)
        console.do('unblock ' + words)
        expect(world.request('EARN', amount=100, **name).send(world.till(201)))


# Keys.

def a_key_rotates_without_a_refusal(world):
    console, server = world.server.console, world.server
    member = world.member()
    old = Trade(world, 201, member)
    old.start()
    old.await_more()
    reply = console.do('terminal rotate 201')
    expect_equal((reply.facts['generation'], reply.facts['generation_old']), ('2', '1'))
    old.await_more()
    # The old key opens sessions, too, until the new one has arrived at the till.
    server.open(201).close()
    expect_equal(console.do('show terminals 2 oldkey=yes').end, 'ok 1 terminals')
    server.generations[201] = 2
    new = Trade(world, 201, member)
    new.start()
    new.await_more()
    old.await_more()
    old.stop()
    expect_equal(console.do('show terminals 2 oldkey=yes').end, 'ok 0 terminals')
    reply = console.do('terminal rotate 201 end-old')
    expect_equal(reply.facts['generation_old'], '0')
    new.await_more()
    new.stop()
    expect_equal(old.refusals + new.refusals, [])
    server.generations[201] = 1
    try:
        server.open(201)
        raise AssertionError('the retired key was taken')
    except Failed as error:
        assert 'AUTH_FAILED' in str(error), error
    server.generations[201] = 2
    server.open(201).close()


# What MariaDB shows.

def a_blocked_member_is_shown_in_mariadb(world):
    console, database = world.server.console, world.database
    member, other = world.member(points=10), world.member(points=10)

    def shown():
        await_sink(world)
        return database.query('SELECT is_blocked FROM member WHERE member IN (%d, %d) '
                              'ORDER BY member' % (member, other))
    expect_equal(shown(), [['NULL'], ['NULL']])
    console.do('block member %d lost its purse' % member)
    expect_equal(shown(), [['1'], ['NULL']])
    expect(world.request('EARN', amount=100, member=member).send(world.till()), 'MEMBER_BLOCKED')
    expect_equal(shown(), [['1'], ['NULL']])
    console.do('unblock member %d' % member)
    expect_equal(shown(), [['0'], ['NULL']])
    expect_equal(database.query('SELECT operator, note, is_blocked, blocked_slot FROM entry '
                                'WHERE is_blocked IS NOT NULL ORDER BY sequence'),
                 [['root', 'lost its purse', '1', 'NULL'], ['root', 'NULL', '0', 'NULL']])


def merged_members_are_shown_in_mariadb(world):
    console, database = world.server.console, world.database
    one, two = world.member(points=10), world.member(points=20)

    def shown():
        await_sink(world)
        return database.query('SELECT merged_with, available_points FROM member '
                              'WHERE member IN (%d, %d) ORDER BY member' % (one, two))
    expect_equal(shown(), [['NULL', '10'], ['NULL', '20']])
    console.do('merge members %d %d one person' % (one, two))
    expect_equal(shown(), [[str(two), '10'], [str(one), '20']])
    expect_equal((world.available(one), world.available(two)), (30, 30))
    # What the one lacks the other lends, and the table says so of both.
    burn = world.request('BURN', points=25, member=one)
    expect(burn.send(world.till()), points=25, available=5)
    expect(burn.send(world.till()), points=25, available=5, replay=True)
    expect_equal(shown(), [[str(two), '0'], [str(one), '5']])
    console.do('unmerge member %d two persons' % two)
    expect_equal(shown(), [['0', '0'], ['0', '5']])
    expect_equal((world.available(one), world.available(two)), (0, 5))


def mariadb_shows_what_operators_did_to_members(world):
    a_blocked_member_is_shown_in_mariadb(world)
    merged_members_are_shown_in_mariadb(world)


# Operators' roles.

def a_role_that_is_changed_holds_at_once(desk):
    expect_equal(desk.passwd('add', 'rob', 'admin'), (0, ''))
    telnet = Telnet(desk.port())
    telnet.log_in('rob')
    telnet.hear(PROMPT)
    assert telnet.ask('log level info')[0].startswith('ok'), 'an admin may'
    expect_equal(desk.passwd('role', 'rob', 'viewer'), (0, ''))
    expect_equal(telnet.ask('log level info')[0], 'error this needs the right of admin')
    assert re.search(r'rob +viewer +console', telnet.ask('show operators')[1])
    expect_equal(desk.passwd('role', 'rob', 'admin'), (0, ''))
    assert telnet.ask('log level info')[0].startswith('ok'), 'again'
    telnet.say('every 500ms show version')
    telnet.hear('program')
    expect_equal(desk.passwd('remove', 'rob'), (0, ''))
    telnet.hear('Connection closed')
    telnet.close()


CASES = [
    a_drained_gateway_sends_all_away_and_comes_back,
    a_drained_partner_leaves_the_others_untouched,
    a_batch_in_flight_is_answered_whole,
    a_drain_is_told_by_the_audit_and_not_kept,
    what_is_blocked_is_gone_within_a_second,
    a_blocked_member_and_card_are_refused_at_once,
    a_key_rotates_without_a_refusal,
]

OPERATORS = [
    a_role_that_is_changed_holds_at_once,
]


def main():
    tap = Tap()
    run_together(tap, CASES)
    run_together(tap, OPERATORS, Desk)
    if Database.missing():
        tap.skip(title(mariadb_shows_what_operators_did_to_members), Database.missing())
        return tap.end()
    database = Database()
    try:
        database.start()
        run_case(tap, mariadb_shows_what_operators_did_to_members,
                 lambda: World(database=database))
    finally:
        database.close()
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
