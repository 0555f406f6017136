"""partner_statements.py - a partner reads and acknowledges its statements, disputes what is wrong.

By tally-settle, over TLS with a certificate and by key; what it gets is what the operator prints.
"""
import csv
import os
import subprocess
import sys

from history import BUILD, contains, program
from keeping import Tool
from server import DAY_MS, HOST, SECONDS_MAX, await_true
from tallygate import PAGE, SEEN
from world import expect, expect_equal, expect_rows, run_with_database

DONE, REFUSED, USAGE, BAD_FILE, UNFINISHED = 0, 1, 2, 3, 5
SETTLE = ('settle', 'tally-settle')


def by_certificate(world, *words, terminal=150, ends=DONE):
    """tally-settle over TLS, known by its certificate."""
    server, folder = world.server, world.server.folder
    if not os.path.exists(folder.file('terminal%d.pem' % terminal)):
        server.authority.issue_terminal(terminal)
    run = subprocess.run(
        [os.path.join(BUILD, 'contrib', *SETTLE), '--host', HOST, '--port', str(server.tls_port),
         '--ca', folder.file('ca.pem'), '--cert', folder.file('terminal%d.pem' % terminal),
         '--cert-key', folder.file('terminal%d.key' % terminal), '--terminal', str(terminal),
         '--config', '/dev/null', *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL, timeout=SECONDS_MAX, check=False)
    output = run.stdout.decode('utf-8')
    if run.returncode != ends:
        raise AssertionError('ended with %d, not %d:\n%s' % (run.returncode, ends, output))
    return output


def settle(world, *words, **more):
    return program(world, SETTLE, *words, **more)


def rows_of(text):
    return list(csv.DictReader(text.splitlines()))


def content(path):
    with open(path, 'rb') as file:
        return file.read()


def close_days(world, days=1):
    """Trade on each of these days; their daily cycles have statements then."""
    member = world.member(points=500)
    for _ in range(days):
        earn = world.earn(member, 20)
        expect(world.request('BURN', member=member, points=7).send(world.till(201)))
        world.step(DAY_MS)
    expect_rows(world)
    await_true(lambda: len(rows_of(settle(world, 'statements'))) >= days, 'statements')
    return earn


def printed(world, words, *where):
    """What tally-journal prints of partner 1's statement; where: --from-database or nothing."""
    code, output, complaint = Tool(world).ask(*words, 'statement', 1, *where)
    expect_equal((code, complaint), (0, ''))
    return output.encode()


def a_statement_is_what_the_operator_prints(world):
    world.server.console.do('cycle add 1 period=daily')
    close_days(world, 2)
    rows = rows_of(by_certificate(world, 'statements'))
    expect_equal([(row['cycle'], row['state']) for row in rows],
                 [('1', 'closed'), ('2', 'closed')])
    for form, words in (('csv', ['--csv']), ('json', ['--json']), ('html', ['--html'])):
        for cycle in ('1', '2'):
            path = world.server.folder.file('statement.' + form)
            contains(by_certificate(world, '--form', form, 'statement', cycle, path),
                     'cycle %s, %d bytes, closed' % (cycle, os.path.getsize(path)))
            expect_equal(os.path.exists(path + '.part'), False)
            expect_equal(content(path), printed(world, words + ['--cycle', cycle]))
    found = rows_of(content(world.server.folder.file('statement.csv')).decode())
    expect_equal([row['amount'] for row in found if row['row'] == 'net'], [rows[1]['net']])


def a_statement_is_acknowledged_once(world):
    world.server.console.do('cycle add 1 period=daily')
    close_days(world)
    path = world.server.folder.file('statement.csv')
    by_certificate(world, 'statement', '1', path)
    contains(by_certificate(world, 'acknowledge', '1', path), 'cycle 1 acknowledged as record')
    contains(settle(world, 'acknowledge', '1', path), 'was acknowledged before')
    expect_rows(world)
    expect_equal(rows_of(settle(world, 'statements'))[0]['state'], 'acknowledged')
    expect_equal(world.database.query(
        'SELECT s.state, e.partner, e.terminal, e.operator FROM statement_state s JOIN entry e ON'
        ' e.sequence = s.last_sequence WHERE s.cycle = 1'), [['acknowledged', '1', '150', 'NULL']])
    with open(path, 'ab') as file:
        file.write(b'x')
    contains(settle(world, 'acknowledge', '1', path, ends=REFUSED), 'nothing is acknowledged')
    contains(settle(world, 'acknowledge', '1', path + '.no', ends=BAD_FILE), 'No such file')
    expect(world.till(150).call('ACKNOWLEDGE', cycle=1, chain=bytes(16)), 'OUT_OF_BALANCE')
    world.hang_up()
    world.server.kill()
    world.server.start()
    contains(settle(world, '--form', 'html', 'statement', '1', path), 'acknowledged')
    contains(settle(world, 'acknowledge', '1', path), 'was acknowledged before')
    world.server.console.do('statement set paid 1 1 by bank')
    contains(settle(world, 'acknowledge', '1', path, ends=UNFINISHED), 'ACKNOWLEDGE: ')
    expect(world.till(150).call('ACKNOWLEDGE', cycle=7, chain=bytes(16)), 'UNKNOWN_STATEMENT')


def statements_are_for_their_partner_alone(world):
    world.server.console.do('cycle add 1 period=daily')
    close_days(world)
    path = world.server.folder.file('statement.csv')
    contains(settle(world, 'statement', '1', path, terminal=250, ends=UNFINISHED), 'STATEMENT: ')
    contains(settle(world, 'statement', '2', path, ends=UNFINISHED), 'STATEMENT: ')
    expect_equal(os.path.exists(path), False)
    expect_equal(rows_of(settle(world, 'statements', terminal=250)), [])
    for name in ('STATEMENT', 'DISPUTES'):
        expect(world.till(102).call(name), 'FORBIDDEN', document=None)
    expect(world.till(102).call('ACKNOWLEDGE', cycle=1, chain=bytes(16)), 'FORBIDDEN')
    for words in (('statement', 'x', path), ('statement', '1'), ('acknowledge', '0', path),
                  ('--form', 'pdf', 'statement', '1', path), ('dispute', 'x', 'other'),
                  ('dispute', bytes(16).hex() + '@1', 'angry'), ('disputes', 'all'),
                  ('dispute', bytes(16).hex() + '@1', 'fraud', '1.50')):
        settle(world, *words, ends=USAGE)
    world.database.stop()
    contains(settle(world, 'statements', timeout=1, ends=UNFINISHED), 'STATEMENT: ')
    world.database.start()
    expect_rows(world)


def a_dispute_goes_from_reason_to_correction(world):
    world.server.console.do('cycle add 1 period=daily')
    earn = close_days(world)
    named = '%s@%d' % (earn.id.hex(), earn.time)
    opened = by_certificate(world, 'dispute', named, 'duplicate', '750')
    number = opened.split()[1]
    contains(settle(world, 'dispute', named, 'points'), 'dispute %s, opened before' % number)
    contains(settle(world, 'dispute', bytes(16).hex() + '@1', 'fraud', ends=UNFINISHED),
             'DISPUTE: ')
    expect_rows(world)
    row, = rows_of(settle(world, 'disputes'))
    expect_equal((row['dispute'], row['transaction'], row['reason'], row['claimed'], row['state'],
                  row['correction']), (number, earn.id.hex(), 'duplicate', '750', 'open', ''))
    world.server.console.do('dispute decide uphold %s 700 the till sent it twice' % number)
    world.step(DAY_MS)
    expect_rows(world)
    await_true(lambda: len(rows_of(settle(world, 'statements'))) == 2, 'the next statement')
    row, = rows_of(by_certificate(world, 'disputes'))
    expect_equal((row['state'], row['correction']), ('upheld', '-700'))
    path = world.server.folder.file('statement.csv')
    settle(world, 'statement', '2', path)
    expect_equal([(found['item'], found['amount']) for found in rows_of(content(path).decode())
                  if found['row'] == 'line'], [('correction', '-700')])
    settle(world, 'statement', '1', path)
    expect_equal([found for found in rows_of(content(path).decode())
                  if found['row'] == 'line' and found['item'] == 'correction'], [])


def the_evidence_has_record_terminal_rule_and_lots(world):
    """Of an earn with limited points, of which some were burned since; out of the archive, too."""
    console = world.server.console
    console.do('terminal add 350 partner=3 rights=all')
    member = world.member()
    earn = world.request('EARN', member=member, amount=1000)
    expect(earn.send(world.till(301)), points=30)
    expect(world.request('BURN', member=member, points=5).send(world.till(301)))
    expect_rows(world, {member: 301})
    number = settle(world, 'dispute', '%s@%d' % (earn.id.hex(), earn.time), 'points',
                    terminal=350).split()[1]
    shown = '\n'.join(' '.join(row.split()) for row in console.do('dispute show %s' % number))
    for part in ('EARN', 'member %d' % member, 'terminal 301', 'store 31', 'rule version 1',
                 'base points 10', 'bonus points 20', 'regular', 'lot', 'new +20',
                 'dispute %s of partner 3' % number):
        contains(shown, part)
    console.do('dispute decide reject %s 0 it is as the rule says' % number)
    expect_rows(world, {member: 301})
    row, = rows_of(settle(world, 'disputes', terminal=350))
    expect_equal((row['state'], row['correction']), ('rejected', ''))
    expect_equal(console.ask('dispute show %s' % number).is_ok, False)


def an_adjustment_for_a_partner_is_in_its_statement(world):
    """What an operator gives or takes on its own account is not."""
    world.server.console.do('cycle add 1 period=daily')
    member = world.member(points=500)
    world.server.console.do('adjust %d +100 partner=1 a card that was lost' % member,
                            'adjust %d -30 partner=1 typed twice' % member,
                            'adjust %d +7 goodwill' % member)
    close_days(world)
    path = world.server.folder.file('statement.csv')
    settle(world, 'statement', '1', path)
    rows = {row['item']: row for row in rows_of(content(path).decode()) if row['row'] == 'line'}
    expect_equal((rows['adjusted']['records'], rows['adjusted']['points']), ('2', '70'))
    expect_equal(int(rows['adjusted']['amount']) * int(rows['issued']['points']),
                 int(rows['issued']['amount']) * 70)
    expect_equal(content(path), printed(world, ['--csv', '--cycle', '1']))


def a_long_text_comes_in_pieces(world):
    member = world.member()
    earns = [world.earn(member, 1) for _ in range(150)]
    for earn in earns:
        expect(world.till(150).call('DISPUTE', original=earn.id, original_time=earn.time,
                                    dispute_reason=8))
    expect_rows(world)
    first = expect(world.till(150).call('DISPUTES'), more=True)
    second = expect(world.till(150).call('DISPUTES', offset=len(first['document'])), more=None)
    listed = rows_of(settle(world, 'disputes'))
    expect_equal([row['transaction'] for row in listed], [earn.id.hex() for earn in earns])
    expect_equal(rows_of((first['document'] + second['document']).decode()), listed)
    expect_equal(first['digest'], second['digest'])
    expect(world.till(150).call('DISPUTES', offset=10 ** 9), document=b'', more=None)


def answers_have_the_fields_that_the_page_lists(world):
    """After all other cases."""
    expect(world.till().call('PING'))
    for name in ('STATEMENT', 'ACKNOWLEDGE', 'DISPUTES'):
        operation = PAGE.operation_named[name]
        expect_equal(SEEN[name] - operation.answer, set())


CASES = [a_statement_is_what_the_operator_prints, a_statement_is_acknowledged_once,
         statements_are_for_their_partner_alone, a_dispute_goes_from_reason_to_correction,
         the_evidence_has_record_terminal_rule_and_lots,
         an_adjustment_for_a_partner_is_in_its_statement,
         a_long_text_comes_in_pieces, answers_have_the_fields_that_the_page_lists]


SETTINGS = {'originals': {'timeout_ms': 2000}, 'history': {'retry_after_ms': 100}}

if __name__ == '__main__':
    sys.exit(run_with_database(CASES, SETTINGS))
