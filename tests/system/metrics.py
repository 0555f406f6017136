"""metrics.py - the metrics say what happened, as Prometheus would read them."""
import csv
import os
import re
import signal
import subprocess
import sys
import time

from scrape import documented, promtool, run_promtool, scrape
from server import BUILD, HOST, SECONDS_MAX, Database, Server, await_true
from world import Tap, World, expect, expect_equal, run_case, run_together, title

LOAD_SECONDS = 600		# at most; it is ended when enough was seen
THREADS = ('io0', 'io1', 'ledger', 'journal')
# What a busy machine may take for three pages.
PAGES_SECONDS_MAX = 30


def gained(before, after, *key):
    return after.get(key, 0) - before.get(key, 0)


def answers_are_counted_by_operation_and_status(world):
    till, member = world.till(), world.member(100)
    before = scrape(world.server)
    for _ in range(5):
        world.earn(member, 1)
    expect(world.request('BURN', member=member, points=10 ** 9).send(till), 'NO_POINTS')
    expect(till.call('INQUIRY', member=member + 10 ** 6), 'UNKNOWN_MEMBER')
    after = scrape(world.server)
    name = 'tallygate_answers_total'
    expect_equal([gained(before, after, name, *labels) for labels in (
        ('EARN', 'OK'), ('BURN', 'NO_POINTS'), ('INQUIRY', 'UNKNOWN_MEMBER'), ('BURN', 'OK'))],
        [5, 1, 1, 0])
    expect_equal(gained(before, after, 'tallygate_records_total'), 6)
    times = after.histogram('tallygate_answer_seconds', 'EARN')
    expect_equal(times['+Inf'], sum(value for key, value in after.items()
                                    if key[:2] == (name, 'EARN')))
    spent = after['tallygate_answer_seconds_sum', 'EARN']
    expect_equal(0 < spent < 60 * times['+Inf'], True)
    expect_equal(after['tallygate_queue_waiting', 'io0', 'terminal'], 0)


def items_of_a_batch_are_counted(world):
    member = world.member()
    before = scrape(world.server)
    requests = [world.request('EARN', member=member, amount=100) for _ in range(300)]
    outcomes = world.till(150).batch([('EARN', request.fields) for request in requests])
    expect_equal({outcome.status for outcome in outcomes}, {'OK'})
    after = scrape(world.server)
    expect_equal([gained(before, after, 'tallygate_answers_total', *labels)
                  for labels in (('EARN', 'OK'), ('BATCH', 'OK'))], [300, 1])
    expect_equal(gained(before, after, 'tallygate_batch_items_received_total'), 300)
    # Times are counted at the end of the turn, when the answer may be on its way already.
    await_true(lambda: gained(before, scrape(world.server), 'tallygate_answer_seconds_count',
                              'BATCH') == 1, 'the time of the BATCH')


def partners_and_connections_are_told(world):
    before = scrape(world.server)
    for _ in range(3):
        expect(world.till(201).call('PING'))
    after = scrape(world.server)
    expect_equal(gained(before, after, 'tallygate_partner_answers_total', '2') >= 3, True)
    expect_equal(after['tallygate_partner_answers_total', 'other'], 0)
    expect_equal(after['tallygate_partner_connections', '2'], 1)

    def agree():
        told = scrape(world.server)
        return told['tallygate_connections',] == told['tallygate_sessions', 'open'] == \
            told.total('tallygate_sessions') == told.total('tallygate_partner_connections')
    # Those that were hung up before may be counted for a moment more.
    await_true(agree, 'sessions, connections and those of partners agree')


def the_journal_and_the_tables_are_told(world):
    def tables():
        found = scrape(world.server)
        return (found['tallygate_table_rows', 'members'],
                found['tallygate_table_memory_bytes', 'members'])
    def told(rows):
        await_true(lambda: tables()[0] == rows, '%d members' % rows)
        return tables()[1]
    # Members are numbered from 1; what is told may be a tenth of a second old.
    rows = world.member()
    octets = told(rows)
    for _ in range(10):
        world.member()
    expect_equal(told(rows + 10), octets / rows * (rows + 10))
    found = scrape(world.server)
    appends = found.histogram('tallygate_journal_append_seconds')['+Inf']
    expect_equal(found.histogram('tallygate_journal_batch_records')['+Inf'], appends)
    expect_equal(found['tallygate_journal_batch_records_sum',], found['tallygate_records_total',])
    expect_equal(found['tallygate_journal_durable_sequence',], found['tallygate_records_total',])
    expect_equal(found['tallygate_journal_writable',], 1)
    expect_equal(found['tallygate_disk_free_bytes',] <= found['tallygate_disk_size_bytes',], True)
    expect_equal(found['tallygate_business_date_timestamp_seconds',],
                 world.till().principal['business_date'] * 86400)


def the_output_agrees_with_its_reference(world):
    world.server.console.do('snapshot')
    world.earn(world.member(), 5)
    expect(world.till().call('PING', settled_day=world.today()))
    found = scrape(world.server)
    expect_equal(list(found.complaints()), [])
    expect_equal(found['tallygate_snapshot_ok',], 1)
    missing = sorted(set(documented()) - set(found.kinds))
    # Without MariaDB, mirror and load, when nothing was refused, and in the first second.
    expected = (r'tallygate_((sink|originals|history)_.*|notices_total|request_rate_reachable'
                r'|thread_busy_ratio|journal_writing_ratio|journal_mirror_\w+)')
    expect_equal([name for name in missing if not re.fullmatch(expected, name)], [])


# The fleet.

def what_terminals_tell_is_told(world):
    till, other = world.till(101), world.till(201)
    now = world.now()
    before = scrape(world.server)
    expect(till.call('PING', software='till "2\\1"', queue_depth=7, queue_age=90,
                     business_time=now - 400000, settled_day=20513))
    expect(other.call('PING', software='other', queue_depth=0, queue_age=0,
                      business_time=now + 1500, settled_day=20514))
    found = scrape(world.server)
    expect_equal(list(found.complaints()), [])
    expect_equal([found['tallygate_terminal_' + name,] for name in (
        'queue_requests', 'queue_requests_max', 'queue_age_max_seconds',
        'settled_day_min_timestamp_seconds')], [7, 7, 90, 20513 * 86400])
    expect_equal([found['tallygate_terminals_' + name,] for name in ('queueing', 'clock_off')],
                 [1, 1])
    expect_equal(found['tallygate_terminals_connected',], found['tallygate_connections',])
    # One whose software is called like our word for the rest is of the rest.
    expect_equal([found['tallygate_terminal_software', name]
                  for name in ('till \\"2\\\\1\\"', 'other')], [1, 1])
    skews = 'tallygate_terminal_clock_skew_seconds'
    expect_equal(gained(before, found, skews + '_count'), 2)
    expect_equal(gained(before, found, skews + '_bucket', '1'), 0)
    expect_equal(gained(before, found, skews + '_bucket', '2'), 1)
    expect_equal(gained(before, found, skews + '_bucket', '300'), 1)
    expect_equal(gained(before, found, skews + '_bucket', '600'), 2)
    reply = world.server.console.do('show terminals sort=queue connected=yes')
    expect_equal(reply[1].split()[0], '101')
    expect_equal(len(world.server.console.do('show terminals skew=300001')), 2)
    # A field left out stays as it was.
    expect(till.call('PING', queue_depth=0, queue_age=0))
    found = scrape(world.server)
    expect_equal(found['tallygate_terminals_queueing',], 0)
    expect_equal(found['tallygate_terminals_clock_off',], 1)
    world.hang_up()
    await_true(lambda: scrape(world.server)['tallygate_terminals_connected',] == 0, 'none left')
    expect_equal(scrape(world.server)['tallygate_terminals',] >= 2, True)


def a_terminals_own_counts_are_compared_while_the_day_runs(world):
    till, system, member = world.till(101), world.till(150), world.member()
    day = world.today()

    def earn():
        expect(world.request('EARN', member=member, amount=1000, till_day=day).send(till))

    def await_difference(connection, transactions, points, wanted):
        """A heartbeat with counts, and what becomes of it: terminals, transactions, points."""
        expect(connection.call('PING', counted_day=day, counted_transactions=transactions,
                               counted_points=points))

        def is_told():
            found = scrape(world.server)
            return (found['tallygate_terminals_differing',],
                    found['tallygate_partner_difference_transactions', '1'],
                    found['tallygate_partner_difference_points', '1']) == wanted
        await_true(is_told, 'a difference of %r' % (wanted,))

    for _ in range(3):
        earn()
    await_difference(till, 3, 30, (0, 0, 0))
    await_difference(till, 4, 45, (1, 1, 15))
    expect_equal(len(world.server.console.do('show terminals differs=yes')), 2)
    await_difference(till, 2, 30, (1, 1, 0))
    await_difference(till, 3, 30, (0, 0, 0))
    earn()
    await_difference(till, 3, 30, (1, 1, 10))
    # The partner's own system counts for the whole partner.
    await_difference(system, 4, 40, (1, 1, 10))
    await_difference(system, 0, 0, (2, 5, 50))
    await_difference(system, 4, 40, (1, 1, 10))
    await_difference(till, 4, 40, (0, 0, 0))
    expect(till.call('TOTALS', day=day, basis=2, scope=1))


def a_partner_in_quarantine_touches_no_other(world):
    one, two, console = world.till(101), world.till(201), world.server.console
    expect(two.call('PING', queue_depth=3, queue_age=5))
    before = scrape(world.server)
    console.do('partner change 2 blocked=yes')
    await_true(lambda: scrape(world.server)['tallygate_partner_connections', '2'] == 0, 'the end')
    expect(one.call('PING', queue_depth=1, queue_age=1))
    member = world.member()
    world.earn(member, 5)
    found = scrape(world.server)
    expect_equal(gained(before, found, 'tallygate_partner_connections', '1'), 0)
    expect_equal(gained(before, found, 'tallygate_partner_answers_total', '1') >= 3, True)
    expect_equal(gained(before, found, 'tallygate_partner_refusals_total', '1'), 0)
    expect_equal(found['tallygate_notices_total', 'BLOCKED'], 1)
    expect_equal(found['tallygate_ready',], 1)
    # What its terminal told last is still there, for who has to look after it.
    expect_equal(found['tallygate_terminal_queue_requests_max',], 3)
    console.do('partner change 2 blocked=no')
    world.hang_up()


# These have a server of their own.

class Alone:
    """A server that is not started yet."""

    def __init__(self):
        self.server = Server()

    def close(self):
        self.server.close()


def only_the_busiest_partners_have_a_name(world):
    for till, count in ((201, 2), (301, 50), (101, 5)):
        for _ in range(count):
            expect(world.till(till).call('PING'))
        scrape(world.server)
    found = scrape(world.server)
    names = {key[1] for key in found if key[0] == 'tallygate_partner_answers_total'}
    expect_equal(names, {'2', 'other'})
    expect_equal(found.total('tallygate_partner_answers_total') >= 57, True)


def headroom_shrinks_with_use(alone):
    server = alone.server
    server.settings['ledger'] = {'stores_max': 16}
    server.settings['limits'] = {'connections': 10}
    server.start()
    server.console.do('partner add 1 name=One',
                      *('store add %d partner=1' % number for number in range(1, 14)))
    connections = [server.connect() for _ in range(9)]
    await_true(lambda: scrape(server)['tallygate_connections',] == 9, 'nine connections')
    await_true(lambda: scrape(server)['tallygate_table_rows', 'stores'] == 13, 'thirteen stores')
    found = scrape(server)
    expect_equal(found['tallygate_headroom_ratio', 'stores'], 0.1875)
    expect_equal(found['tallygate_headroom_ratio', 'connections'], 0.1)
    expect_equal(found['tallygate_headroom_ratio', 'window'], 1)
    expect_equal(0 < found['tallygate_headroom_ratio', 'disk'] <= 1, True)
    expect_equal(('tallygate_headroom_ratio', 'state') in found, False)
    expect_equal(found['tallygate_partners_drained',], 0)
    server.console.do('drain partner 1')
    expect_equal(scrape(server)['tallygate_partners_drained',], 1)
    for connection in connections:
        connection.close()


def start_load(server):
    """tally-load as fast as it can, on terminals of partner 1 without TLS."""
    server.console.do('partner add 1 name=One', 'rule add 1 base=1/100', 'store add 11 partner=1',
                      *('terminal add %d partner=1 store=11 rights=all' % number
                        for number in range(101, 141)))
    with open(server.folder.file('terminals.csv'), 'w', newline='', encoding='ascii') as file:
        csv.writer(file).writerows([['number', 'partner', 'store', 'rights']] +
                                   [[number, 1, 11, 'all'] for number in range(101, 141)])
    return subprocess.Popen(
        [os.path.join(BUILD, 'contrib/load/tally-load'), '--plain', '--host', HOST, '--port',
         str(server.plain_port), '--terminals', server.folder.file('terminals.csv'),
         '--master-key', server.folder.file('master'), '--quiet',
         '--json', '--connections', '40', '--members', '500', '--depth', '16', '--seconds',
         str(LOAD_SECONDS)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL)


def has_enough(found):
    """Shares and rates are of samples, one a second; each busy turn is timed, on both threads."""
    shares = [('tallygate_request_rate',), ('tallygate_request_rate_reachable',),
              ('tallygate_journal_writing_ratio',),
              *(('tallygate_thread_busy_ratio', thread) for thread in THREADS)]
    return (found.get(('tallygate_answers_total', 'EARN', 'OK'), 0) > 100 and
            all(found.get(share, 0) > 0 for share in shares) and
            all(found.histogram('tallygate_turn_seconds', thread)['+Inf'] > 10
                for thread in THREADS[:2]))


def it_answers_under_full_load(alone):
    server = alone.server
    server.settings['clock'] = {}
    server.settings['gateway'].update(ledger_thread='own', io_threads=2)
    server.start()
    load = start_load(server)
    slowest, found = 0, {}
    try:
        until = time.monotonic() + SECONDS_MAX
        while load.poll() is None and not has_enough(found) and time.monotonic() < until:
            began = time.monotonic()
            found = scrape(server)
            expect_equal(server.fetch('/healthz')[0], 200)
            expect_equal(server.fetch('/readyz')[0], 200)
            slowest = max(slowest, time.monotonic() - began)
    finally:
        load.send_signal(signal.SIGTERM)
        output = load.communicate()[0]
    expect_equal((load.returncode, output if load.returncode else b''), (0, b''))
    expect_equal(slowest < PAGES_SECONDS_MAX, True)
    expect_equal(has_enough(found), True)
    expect_equal(list(found.complaints()), [])
    expect_equal(found['tallygate_request_rate_reachable',] >=
                 found['tallygate_request_rate',] > 0, True)
    expect_equal(0 < found['tallygate_journal_writing_ratio',] <= 1, True)
    expect_equal(0 < found['tallygate_headroom_ratio', 'journal'] <= 1, True)
    for thread in THREADS:
        expect_equal(0 < found['tallygate_thread_busy_ratio', thread] <= 1, True)
        expect_equal(found['tallygate_thread_cpu_seconds_total', thread] > 0, True)


def the_sink_and_its_lag_are_told(world):
    world.member(10)
    def is_unconnected():
        found = scrape(world.server)
        return (found['tallygate_sink_state', 'WAITING'] +
                found['tallygate_sink_state', 'CONNECTING']) == 1
    await_true(is_unconnected, 'the sink tries')
    world.database.start()
    member = world.member(10)
    world.earn(member, 5)

    def is_written():
        now = scrape(world.server)
        return (now.get(('tallygate_sink_lag_records',)) == 0 and
                now['tallygate_sink_state', 'FOLLOWING'] == 1 and now)
    found = await_true(is_written, 'all in MariaDB')
    expect_equal(found['tallygate_sink_lag_seconds',], 0)
    expect_equal(found['tallygate_sink_records_total',], found['tallygate_records_total',])
    expect_equal(list(found.complaints()), [])
    world.database.stop()
    world.earn(member, 5)
    world.step(60000)
    world.earn(member, 5)
    found = scrape(world.server)
    expect_equal(found['tallygate_sink_lag_records',] >= 2, True)
    await_true(lambda: scrape(world.server)['tallygate_sink_lag_seconds',] >= 60, 'a lag')


def promtool_likes_the_output(world):
    world.member(100)
    _, _, body = world.server.fetch('/metrics')
    expect_equal(run_promtool('check', 'metrics', octets=body), [])


SHARED = [what_terminals_tell_is_told, a_terminals_own_counts_are_compared_while_the_day_runs,
          a_partner_in_quarantine_touches_no_other, answers_are_counted_by_operation_and_status,
          items_of_a_batch_are_counted, partners_and_connections_are_told,
          the_journal_and_the_tables_are_told, the_output_agrees_with_its_reference]


def main():
    tap = Tap()
    run_together(tap, SHARED)
    run_case(tap, only_the_busiest_partners_have_a_name,
             lambda: World(settings={'http': {'partners_named': 1}}))
    run_case(tap, headroom_shrinks_with_use, Alone)
    run_case(tap, it_answers_under_full_load, Alone)
    if promtool():
        run_case(tap, promtool_likes_the_output, World)
    else:
        tap.skip(title(promtool_likes_the_output), 'promtool is not installed')
    if Database.missing():
        tap.skip(title(the_sink_and_its_lag_are_told), Database.missing())
        return tap.end()
    database = Database()
    try:
        database.start()
        database.stop()
        run_case(tap, the_sink_and_its_lag_are_told, lambda: World(database=database))
    finally:
        database.close()
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
