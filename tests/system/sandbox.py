"""sandbox.py - what is only tried out says so wherever it is seen, and counts nowhere.

Test terminals and partners of a live instance, and an instance that is a sandbox as a whole.  The
client knows protocol/PROTOCOL.md only.
"""
import sys

from server import Console, Database, Failed, Process, await_true
from world import Tap, World, expect, expect_equal, expect_rows, run_case, run_together, title

EXIT_CONFIG = 78
TEST_SIDE = [
    'partner add 9 name=Try test=yes',
    'rule add 9 base=1/100',
    'store add 91 partner=9',
    'terminal add 901 partner=9 store=91',
    'terminal add 902 partner=9 store=91 test=yes',
    'terminal add 950 partner=9 rights=all',
    'terminal add 109 partner=1 store=11 test=yes',
]


def test_side(world):
    world.server.console.do(*TEST_SIDE)
    return world


def fresh(world, till):
    """A member that was enrolled at that till."""
    return expect(world.request('ENROLL', identifier_type=1, identifier=world.card())
                  .send(world.till(till)))['member']


def answers_of_a_test_terminal_are_marked_and_those_of_others_are_not(world):
    test_side(world)
    for till, mark in ((901, True), (902, True), (101, None), (201, None)):
        session = world.till(till)
        expect_equal(session.welcome.get('sandbox'), None)
        expect_equal(session.principal.get('sandbox'), mark)
        expect(session.call('PING'), sandbox=mark)
        member = fresh(world, till)
        expect(world.request('EARN', member=member, amount=500).send(session), points=5,
               sandbox=mark)
        expect(session.call('INQUIRY', member=member), available=5, sandbox=mark)
        expect(session.call('INQUIRY', identifier_type=1, identifier='0'), 'UNKNOWN_MEMBER',
               sandbox=mark)
        expect(session.call('EARN', member=member), 'MISSING_FIELD', sandbox=mark)


def each_outcome_of_a_batch_is_marked(world):
    member = fresh(world, 901)
    answers = world.till(950).batch([
        ('EARN', {**world.request('EARN', member=member, amount=100).fields, 'terminal': 901}),
        ('EARN', {'member': member, 'amount': 100})])
    expect(answers[0], sandbox=True, points=1)
    expect(answers[1], 'MISSING_FIELD', sandbox=True)


def a_test_till_of_a_live_partner_meets_nobody_and_is_marked(world):
    answer = world.request('EARN', member=world.member(), amount=500).send(world.till(109))
    expect(answer, 'TEST_MISMATCH', sandbox=True)


def test_members_and_live_partners_do_not_meet(world):
    expect(world.request('EARN', member=fresh(world, 901), amount=500).send(world.till(101)),
           'TEST_MISMATCH', sandbox=None)
    expect(world.request('EARN', member=world.member(), amount=500).send(world.till(901)),
           'TEST_MISMATCH', sandbox=True)


def a_terminal_that_is_made_a_test_terminal_is_marked_from_then_on(world):
    session = world.till(102)
    expect(session.call('PING'), sandbox=None)
    world.server.console.do('terminal change 102 test=yes')
    expect(world.request('EARN', member=world.member(), amount=500).send(session),
           'TEST_MISMATCH', sandbox=True)
    await_true(lambda: session.call('PING').get('sandbox'), 'PING is marked, too')
    world.server.console.do('terminal change 102 test=no')
    await_true(lambda: not session.call('PING').get('sandbox'), 'PING is not marked any more')


def what_is_tried_out_is_in_no_figure(world):
    """Totals told to terminals, and MariaDB's settlement, totals and liability."""
    test_side(world)
    member = fresh(world, 901)
    earn = world.request('EARN', member=member, amount=70000)
    expect(earn.send(world.till(901)), points=700)
    expect(world.request('BURN', member=member, points=200, amount=200).send(world.till(901)))
    expect(world.request('REFUND', amount=1000, **earn.named()).send(world.till(901)))
    live = world.member(30)
    expect(world.request('BURN', member=live, points=10, amount=10).send(world.till(201)))
    for till in 901, 950:
        expect(world.till(till).call('TOTALS', day=world.today(), basis=1, scope=3),
               totals=None)
    expect_equal(len(expect(world.till(101).call('TOTALS', day=world.today(), basis=1,
                                                 scope=3))['totals']), 2)
    expect_rows(world, {member: 901})
    ask = world.database.query
    expect_equal(ask('SELECT partner, issued_points, redeemed_points FROM settlement'
                     ' ORDER BY partner'), [['1', '30', '0'], ['2', '0', '10']])
    for table in 'settlement_day', 'partner_day', 'terminal_day':
        expect_equal(ask('SELECT COUNT(*) FROM %s WHERE partner = 9' % table), [['0']])
    expect_equal(ask("SELECT points FROM account_balance WHERE name = 'AVAILABLE'"
                     ' AND is_test = 0'), [['20']])
    expect_equal(ask('SELECT available_points FROM member WHERE is_test = 1'), [['490']])


def sandbox(is_sandbox=True, **options):
    return World(settings={'programme': {'sandbox': is_sandbox}}, **options)


def all_of_a_sandbox_is_marked(world):
    for till in 101, 201:
        session = world.till(till)
        expect_equal(session.welcome.get('sandbox'), True)
        expect_equal(session.principal.get('sandbox'), True)
        expect(session.call('PING'), sandbox=True)
    member = world.member(30)
    expect(world.till().call('INQUIRY', member=member), sandbox=True, available=30)
    with world.server.connect() as nobody:
        expect(nobody.call('PING'), 'AUTH_REQUIRED', sandbox=True)
    version = world.server.console.do('show version')
    expect_equal(['sandbox: nothing here counts' in line for line in version
                  if line.startswith('kind ')], [True])
    console = Console(world.server.folder.file('data', 'console.sock'))
    expect_equal([line for line in console.greeting if 'sandbox' in line],
                 ['This is a sandbox: nothing here counts.'])
    console.close()


def a_sandbox_settles_like_any_other_instance(world):
    """So that statements can be tried, too: what does not count is the whole instance."""
    world.member(30)
    expect_equal(len(expect(world.till().call('TOTALS', day=world.today(), basis=1,
                                              scope=3))['totals']), 2)
    world.server.console.do('burn off all')
    expect_rows(world)
    expect_equal(world.database.query('SELECT partner, issued_points FROM settlement'),
                 [['1', '30']])
    expect_equal(world.database.query('SELECT flags FROM programme ORDER BY version'),
                 [['sandbox'], ['burn_off,sandbox']])


def refused(world, is_sandbox, words):
    """Start with the other configuration: it must end and say why."""
    server = world.server
    expect_equal(server.stop(), 0)
    world.hang_up()
    server.settings['programme']['sandbox'] = is_sandbox
    process = Process(server.command(), server.folder.file('log'))
    status = process.wait()
    if status != EXIT_CONFIG:
        raise Failed('exit status %r:\n%s' % (status, process.log()))
    if words not in process.log():
        raise Failed('it does not say "%s":\n%s' % (words, process.log()))
    expect_equal(server.verify_journal(), [])
    server.settings['programme']['sandbox'] = not is_sandbox
    server.start()


def a_sandbox_never_becomes_live(world):
    member = world.member(7)
    refused(world, False, 'programme.sandbox is false, but')
    expect_equal(world.available(member), 7)
    world.server.console.do('snapshot')
    refused(world, False, 'programme.sandbox is false, but')


def what_is_live_never_becomes_a_sandbox(world):
    member = world.member(7)
    refused(world, True, "programme.sandbox is true, but")
    expect_equal(world.available(member), 7)
    world.server.console.do('snapshot')
    refused(world, True, 'programme.sandbox is true, but')


MARKS = [answers_of_a_test_terminal_are_marked_and_those_of_others_are_not,
         each_outcome_of_a_batch_is_marked,
         a_test_till_of_a_live_partner_meets_nobody_and_is_marked,
         test_members_and_live_partners_do_not_meet,
         a_terminal_that_is_made_a_test_terminal_is_marked_from_then_on]


def main():
    tap = Tap()
    run_together(tap, MARKS)
    run_case(tap, all_of_a_sandbox_is_marked, sandbox)
    run_case(tap, a_sandbox_never_becomes_live, sandbox)
    run_case(tap, what_is_live_never_becomes_a_sandbox, lambda: sandbox(False))
    missing = Database.missing()
    for case, make in ((what_is_tried_out_is_in_no_figure, World),
                       (a_sandbox_settles_like_any_other_instance, sandbox)):
        if missing:
            tap.skip(title(case), missing)
            continue
        database = Database()
        try:
            database.start()
            run_case(tap, case, lambda make=make, database=database: make(database=database))
        finally:
            database.close()
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
