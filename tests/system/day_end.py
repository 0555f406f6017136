"""day_end.py - till, gateway and MariaDB have the same of a day, or find what differs.

The client knows protocol/PROTOCOL.md only.  With the argument `full` the day has 100,000
transactions; else 2,000.
"""
import os
import random
import sys
import threading
import time

from proof import (AGREED, BUSINESS_DATE, NOTHING, OUT_OF_BALANCE, PARTNER, STORE, TERMINAL,
                   TILL_DAY, Item, Proof, chain, digest_of)
from history import contains, program
from server import DAY_MS, SECONDS_MAX, await_true
from tallygate import PAGE, SEEN
from world import expect, expect_equal, expect_rows, run_with_database

MESSAGES_MAX = 40
HOUR_MS = 3600000
SLICE = 500
RETRY_AFTER_MS = 100
TIMEOUT_MS = 10000
IS_FULL = 'full' in sys.argv[1:]
DAY_OF_TRADE = 100000 if IS_FULL else 2000
ROUNDS = 20 if IS_FULL else 3


def settled(world):
    """Until MariaDB has everything."""
    expect_rows(world)


class Book:
    """What a till remembers."""

    def __init__(self, world, till=101):
        self.world, self.till, self.items = world, till, []

    def do(self, operation, status='OK', **fields):
        request = self.world.request(operation, till=4, till_day=self.world.today(), **fields)
        answer = expect(request.send(self.world.till(self.till)), status)
        self.items.append(Item(request, answer))
        return request

    def proof(self, items=None, till=None, **day):
        fields = {'day': self.world.today(), 'basis': BUSINESS_DATE, 'scope': TERMINAL, **day}
        return Proof(self.world.till(till or self.till), self.items if items is None else items,
                     **fields)


def trade(world, book, count=10):
    """Of most kinds; members come from till 101, what they do from the book's till."""
    member = world.member(points=1000)
    for i in range(count):
        earn = book.do('EARN', member=member, amount=1000 + i, receipt='%d-%d' % (member, i))
        burn = book.do('BURN', member=member, points=5, covered=5, amount=100)
        hold = book.do('HOLD', member=member, points=3)
        book.do('CAPTURE', points=2, **hold.named())
        book.do('REFUND', amount=100, original_burn=burn.id, **earn.named())
    gone = world.request('EARN', member=member, amount=100)
    request = world.request('REVERSE', reason=1, **gone.named())
    book.items.append(Item(request, expect(request.send(world.till(book.till)),
                                           'ORIGINAL_UNKNOWN')))
    expect(world.request('BURN', member=member, points=10 ** 9).send(world.till(book.till)),
           'NO_POINTS')
    return member


# Totals.

def a_till_that_has_the_same_is_agreed_with(world):
    book = Book(world, 102)
    trade(world, book)
    expect(book.proof().totals(), result=AGREED, totals=None, business_date=world.today())
    expect(book.proof(till=150, scope=STORE, store=12).totals(), result=AGREED)
    expect(book.proof(till=150, scope=TERMINAL, terminal=102).totals(), result=AGREED)


def a_till_that_did_nothing_has_nothing_to_settle(world):
    expect(Book(world, 102).proof().totals(), result=NOTHING)
    expect(Book(world, 102).proof(day=world.today() + 5).totals(), result=NOTHING)
    settled(world)
    expect_equal(Book(world, 102).proof().find(), [])


def totals_that_differ_are_told(world):
    book = Book(world, 102)
    trade(world, book)
    answer = expect(book.proof(book.items[1:]).totals(), result=OUT_OF_BALANCE)
    earns = PAGE.operation_named['EARN'].number
    told = {row['kind']: row for row in answer['totals']}
    expect_equal([row['is_declined'] for row in answer['totals']], [False] * len(told))
    expect_equal(told[earns]['count'], sum(item.kind == earns for item in book.items))
    expect(book.proof([]).totals(), result=OUT_OF_BALANCE)


def a_day_beyond_the_window_is_too_old(world):
    book = Book(world, 102)
    trade(world, book)
    day = world.today()
    settled(world)
    for _ in range(10):
        world.step(DAY_MS)
    expect(world.till(102).call('DAY_END', day=day, basis=1, scope=1), 'TOO_OLD')
    expect_equal(book.proof(day=day).find(), [])


# What differs.

def what_differs_is_found(world):
    book = Book(world, 102)
    trade(world, book, 60)
    settled(world)
    proof = book.proof()
    expect_equal(proof.find(), [])
    expect_equal(proof.questions, 1)
    lost, changed = book.items[7], book.items[100]
    changed.points += 1
    never = Item(world.request('EARN', amount=100), {'points': 1})
    found = book.proof([item for item in book.items if item is not lost] + [never]).find()
    kind, time, points, amount = changed.figures()
    expect_equal(found, sorted([(lost.id, None, lost.figures()),
                                (changed.id, changed.figures(), (kind, time, points - 1, amount)),
                                (never.id, never.figures(), None)],
                               key=lambda difference: difference[0]))


def a_till_s_own_day_is_found_over_the_cut_off(world):
    """What is sent late belongs to the till's day all the same."""
    book = Book(world, 102)
    member = trade(world, book)
    day = world.today()
    stored = world.request('EARN', member=member, amount=2000, till=4, till_day=day)
    with_till = [item for item in book.items if item.kind != PAGE.operation_named['REVERSE'].number]
    world.step(DAY_MS)
    settled(world)
    mine = Item(stored, {'points': 20})
    proof = book.proof(with_till + [mine], day=day, basis=TILL_DAY)
    expect(proof.totals(), result=OUT_OF_BALANCE)
    expect_equal(proof.find(), [(mine.id, mine.figures(), None)])
    expect(stored.send(world.till(102), late=True), points=20)
    settled(world)
    expect(proof.totals(), result=AGREED)
    expect_equal(proof.find(), [])
    expect(book.proof(day=day).totals(), result=AGREED)


def the_lag_and_the_end_of_the_day_are_told(world):
    book = Book(world, 102)
    trade(world, book)
    settled(world)
    day = world.today()
    with world.database.session() as session:
        session.do('FLUSH TABLES WITH READ LOCK')
        trade(world, book, 1)
        answer = expect(world.till(102).call('BUCKETS', day=day, basis=1, scope=1, divide=1))
        expect_equal(answer['lag_records'] > 0 and answer['lag'] >= 0, True)
        expect_equal(answer.get('complete'), None)
        expect_equal(book.proof(till=102).find() != [], True)
    world.step(DAY_MS)
    settled(world)
    answer = expect(world.till(102).call('BUCKETS', day=day, basis=1, scope=1, divide=1),
                    complete=True, lag_records=0)
    expect(world.till(102).call('PART', day=day, basis=1, scope=1, rows_wanted=3), complete=True,
           more=True)


# Who may ask for what.

def a_till_proves_its_own_day_only(world):
    day = {'day': world.today(), 'basis': 1}
    for scope in (STORE, PARTNER):
        expect(world.till(102).call('BUCKETS', scope=scope, divide=1, **day), 'FORBIDDEN')
        expect(world.till(102).call('PART', scope=scope, **day), 'FORBIDDEN')
        expect(world.till(102).call('DAY_END', scope=scope, **day))
    expect(world.till(150).call('BUCKETS', scope=STORE, store=21, divide=1, **day),
           'UNKNOWN_STORE')
    expect(world.till(150).call('BUCKETS', scope=TERMINAL, terminal=201, divide=1, **day),
           'UNKNOWN_TERMINAL')
    expect(world.till(150).call('BUCKETS', scope=TERMINAL, divide=2, prefix=bytes(8), **day),
           'BAD_FIELD')
    expect(world.till(150).call('DAY_END', scope=TERMINAL, claimed=[[99, False, 1, 1, 1]], **day),
           'BAD_FIELD')
    expect(world.till(150).call('DAY_END', scope=TERMINAL, claimed=[[20, False, 1, 1, 1]] * 2,
                                **day), 'BAD_FIELD')


def mariadb_that_is_away_stops_buckets_alone(world):
    book = Book(world, 102)
    trade(world, book)
    settled(world)
    world.database.stop()
    expect(book.proof().totals(), result=AGREED)
    answer = expect(world.till(102).call('BUCKETS', day=world.today(), basis=1, scope=1,
                                         divide=1), 'DATABASE', buckets=None)
    expect_equal(answer.is_again, True)
    world.database.start()
    settled(world)
    expect_equal(book.proof().find(), [])


# Signing.

def next_day(world):
    day = world.today()
    world.step(DAY_MS)
    settled(world)
    return day


def a_day_that_is_over_is_signed_and_chained(world):
    book = Book(world, 102)
    trade(world, book)
    settled(world)
    expect(book.proof().sign(), 'DAY_OPEN', chain=None)
    day = next_day(world)
    first = expect(book.proof(day=day).sign(), replay=None)
    expect_equal(first['chain'], chain(bytes(16), TERMINAL, 102, BUSINESS_DATE, day,
                                       digest_of(book.items)))
    again = expect(book.proof(day=day).sign(), replay=True, sequence=first['sequence'])
    expect_equal(again['chain'], first['chain'])
    expect(book.proof(book.items[1:], day=day).sign(), 'OUT_OF_BALANCE', chain=None)
    other = Book(world, 102)
    trade(world, other, 2)
    second = next_day(world)
    signed = expect(other.proof(day=second).sign())
    expect_equal(signed['chain'], chain(first['chain'], TERMINAL, 102, BUSINESS_DATE, second,
                                        digest_of(other.items)))
    settled(world)
    expect_equal(world.database.query('SELECT sequence, scope, owner, basis, transactions,'
                                      ' HEX(digest) FROM day_proof ORDER BY sequence'),
                 [[str(first['sequence']), 'terminal', '102', 'business_date',
                   str(len(book.items)), digest_of(book.items).hex().upper()],
                  [str(signed['sequence']), 'terminal', '102', 'business_date',
                   str(len(other.items)), digest_of(other.items).hex().upper()]])


def a_till_s_own_day_is_signed_again_after_a_late_item(world):
    book = Book(world, 102)
    member = world.member()
    book.do('EARN', member=member, amount=2000)
    day = world.today()
    settled(world)
    first = expect(book.proof(day=day, basis=TILL_DAY).sign())
    stored = world.request('EARN', member=member, amount=900, till=4, till_day=day)
    world.step(DAY_MS)
    book.items.append(Item(stored, expect(stored.send(world.till(102), late=True), points=9)))
    settled(world)
    second = expect(book.proof(day=day, basis=TILL_DAY).sign(), replay=None)
    expect_equal(second['chain'], chain(first['chain'], TERMINAL, 102, TILL_DAY, day,
                                        digest_of(book.items)))
    world.server.kill()
    world.hang_up()
    world.server.start()
    settled(world)
    expect(book.proof(day=day, basis=TILL_DAY).sign(), replay=True,
           sequence=second['sequence'], chain=second['chain'])


# Disputes, and second operators.

def decided(world):
    return world.database.query('SELECT dispute, partner, about, reason, claimed_amount, state,'
                                ' decided_by FROM dispute ORDER BY dispute')


def a_disputed_entry_is_decided_and_corrected(world):
    console = world.server.console
    console.do('cycle add 1 period=daily')
    member = world.member()
    earn, other = world.earn(member, 10), world.earn(member, 20)
    till = world.till(150)
    opened = expect(till.call('DISPUTE', original=earn.id, original_time=earn.time,
                              dispute_reason=1, amount=1000), replay=None)
    number = opened['sequence']
    expect(till.call('DISPUTE', original=earn.id, original_time=earn.time, dispute_reason=3),
           replay=True, sequence=number)
    expect(world.till(201).call('DISPUTE', original=earn.id, original_time=earn.time,
                                dispute_reason=1), 'UNKNOWN_TRANSACTION')
    second = expect(till.call('DISPUTE', original=other.id, original_time=other.time,
                              dispute_reason=7))['sequence']
    expect_equal([row.split()[0] for row in console.do('show disputes')[-2:]],
                 [str(number), str(second)])
    shown = '\n'.join(console.do('dispute show %d' % number))
    expect_equal('EARN' in shown and 'booked twice' in shown and '1000' in shown, True)
    console.do('dispute decide uphold %d 750 the till sent it twice' % number)
    console.do('dispute decide reject %d 0 it is as it was' % second)
    expect_equal(console.ask('dispute decide reject %d 0 again' % second).is_ok, False)
    settled(world)
    about = world.database.query('SELECT sequence FROM entry WHERE transaction_id IN (X\'%s\','
                                 ' X\'%s\') ORDER BY sequence' % (earn.id.hex(), other.id.hex()))
    by = decided(world)[0][6]
    expect_equal(decided(world), [[str(number), '1', about[0][0], 'duplicate', '1000', 'upheld',
                                   by],
                                  [str(second), '1', about[1][0], 'fraud', '0', 'rejected', by]])
    expect_equal(world.database.query('SELECT partner, other, amount, about FROM'
                                      ' settlement_item'), [['1', '0', '-750', about[0][0]]])


def an_old_entry_is_disputed_out_of_the_archive(world):
    member = world.member()
    earn = world.earn(member, 10)
    for _ in range(6):
        world.step(DAY_MS)
    settled(world)
    number = expect(world.till(150).call('DISPUTE', original=earn.id, original_time=earn.time,
                                         dispute_reason=5))['sequence']
    expect_equal('dispute %d' % number in '\n'.join(
        world.server.console.do('dispute show %d' % number)), True)


# Explaining.

def a_balance_is_explained_by_record_and_lot(world):
    """Now, it is what the till is told; at a past record, what the till was told then."""
    console, member = world.server.console, world.member()
    past = []
    for i in range(12):
        till = world.till(301 if i % 3 else 101)
        earn = world.request('EARN', member=member, amount=1000 + 100 * i)
        past.append(expect(earn.send(till)))
        if i % 4 == 3:
            past.append(expect(world.request('BURN', member=member, points=25).send(till)))
            past.append(expect(world.request('REVERSE', reason=2, **earn.named()).send(till)))
    def balance(*words):
        rows = [row.split() for row in console.do('explain member %d %s' % (
            member, ' '.join(words)))]
        lots = sum(int(row[-1]) for row in rows if row and row[0] in ('regular', 'record')
                   and row[-1].isdigit())
        return lots, int([row for row in rows if row and row[0].isdigit()][-1][-1])

    for answer in past[::4] + past[-1:]:
        expect_equal(balance(str(answer['sequence'])), (answer['available'],) * 2)
    expect_equal(balance(), (world.available(member),) * 2)
    settled(world)
    expect_equal(world.database.query('SELECT SUM(outstanding_points),'
                                      ' SUM(expected_breakage_points) FROM liability'),
                 [[str(world.available(member)), '0']])


# tally-settle.

DONE, DIFFERS, BAD_FILE, UNFINISHED = 0, 1, 3, 5


def a_log_in_a_file_is_proved_and_signed(world):
    book = Book(world, 201)
    member = world.member()
    for i in range(30):
        book.do('EARN', member=member, amount=1000 + i)
    book.do('BURN', member=member, points=5, covered=5, amount=100)
    day = time.strftime('%Y-%m-%d', time.gmtime(world.today() * DAY_MS // 1000))
    path = world.server.folder.file('log.csv')

    def write(items, head='TxId,Type,points,amount,business_date'):
        with open(path, 'w', encoding='utf-8') as file:
            file.write(head + '\n')
            for item in items:
                file.write('%s@%d,%s,%d,%d,%s\n' % (
                    item.id.hex(), item.time, PAGE.operation_numbered[item.kind].name.lower(),
                    item.points, item.amount, day))
            file.write('%s@1,earn,1,1,1999-12-31\n' % bytes(16).hex())

    def prove(*words, ends=DONE):
        return program(world, ('settle', 'tally-settle'), '--columns',
                       'transaction=TxId,operation=Type', *words, 'day-end', day, path,
                       terminal=201, ends=ends)

    write(book.items + book.items[:1])
    settled(world)
    contains(prove(), 'agreed')
    contains(prove('--sign', ends=UNFINISHED), 'agreed', 'not signed')
    wrong, lost = book.items[4], book.items[9]
    wrong.points += 1
    write([item for item in book.items if item is not lost])
    contains(prove('--sign', ends=DIFFERS), 'out of balance; 2 differ',
             'differs,%s@%d,EARN,%d,%d' % (wrong.id.hex(), wrong.time, wrong.points,
                                           wrong.points - 1),
             'missing here,%s@%d,EARN,,%d' % (lost.id.hex(), lost.time, lost.points))
    wrong.points -= 1
    write(book.items)
    next_day(world)
    signed = prove('--sign')
    contains(signed, 'agreed', 'signed as record', 'chain')
    expect_equal(prove('--sign').splitlines()[-1], signed.splitlines()[-1])
    write(book.items, head='TxId,points')
    contains(prove(ends=BAD_FILE), 'there is no column Type')


class Load(threading.Thread):
    """Another partner that books all the time: some hundred a second."""

    def __init__(self, world):
        super().__init__(daemon=True)
        world.server.console.do('terminal add 290 partner=2 rights=all')
        self.session, self.world = world.till(290), world
        self.members = [world.member() for _ in range(10)]
        self.over, self.batches, self.trouble = threading.Event(), 0, None

    def run(self):
        now = self.session.call('PING')['server_time']
        while not self.over.wait(0.05):		# a busy MariaDB must keep up with it
            requests = [('EARN', {'transaction_id': os.urandom(16), 'business_time': now,
                                  'member': member, 'amount': 1000})
                        for member in self.members * 2]
            answers = self.session.batch(requests)
            if {answer.status for answer in answers} != {'OK'}:
                self.trouble = answers
                return
            self.batches += 1

    def stop(self):
        self.over.set()
        self.join(SECONDS_MAX)
        expect_equal((self.is_alive(), self.trouble), (False, None))


def a_day_is_proved_and_signed_while_others_book(world):
    """The archive never has all that is booked; what matters is what was when it was asked."""
    book = Book(world, 201)
    member = world.member()
    for i in range(20):
        book.do('EARN', member=member, amount=1000 + i)
    day = world.today()
    text = time.strftime('%Y-%m-%d', time.gmtime(day * DAY_MS // 1000))
    path = world.server.folder.file('log.csv')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('transaction,operation,points,amount,till_day\n')
        for item in book.items:
            file.write('%s@%d,earn,%d,%d,%s\n' % (item.id.hex(), item.time, item.points,
                                                  item.amount, text))

    def prove(*words, ends=DONE):
        return program(world, ('settle', 'tally-settle'), *words, 'day-end', text, path,
                       terminal=201, ends=ends)

    load = Load(world)
    load.start()
    await_true(lambda: load.batches > 2, 'load')
    try:
        for _ in range(ROUNDS):
            contains(prove('--till-day', '--sign'), 'agreed; 0 differ', 'signed as record')
        lost = book.items.pop()
        expect(book.proof(day=day, basis=TILL_DAY).sign(), 'OUT_OF_BALANCE')
        book.items.append(lost)
        expect(book.proof(day=day, basis=TILL_DAY).sign(), replay=True)
        before = load.batches
        contains(prove(), 'agreed; 0 differ')
        await_true(lambda: load.batches > before, 'load all along')
    finally:
        load.stop()


# Size.

def one_of_many_is_found_with_few_messages(world):
    members = [world.member() for _ in range(200)]
    system, items = world.till(150), []
    begun = world.step(6 * HOUR_MS)
    rest = random.Random(5)
    settled(world)
    while len(items) < DAY_OF_TRADE:
        requests = [world.request('EARN', member=rest.choice(members), store=12,
                                  amount=rest.randrange(100, 10000))
                    for _ in range(min(SLICE, DAY_OF_TRADE - len(items)))]
        for request in requests:
            request.fields['business_time'] = request.time = begun - rest.randrange(6 * HOUR_MS)
        answers = system.batch([('EARN', request.fields) for request in requests])
        items += [Item(request, expect(answer)) for request, answer in zip(requests, answers)]
    settled(world)
    day = {'day': world.today(), 'basis': BUSINESS_DATE, 'scope': STORE, 'store': 12}
    expect(Proof(system, items, **day).totals(), result=AGREED)
    wrong = items[DAY_OF_TRADE // 3]
    wrong.points += 1
    proof = Proof(system, items, **day)
    expect(proof.totals(), result=OUT_OF_BALANCE)
    found = proof.find()
    expect_equal([difference[0] for difference in found], [wrong.id])
    expect_equal(2 * proof.questions <= MESSAGES_MAX, True)
    print('# %d messages find one of %d' % (2 * proof.questions, len(items)))


def answers_have_the_fields_that_the_page_lists(world):
    """After all other cases."""
    expect(world.till().call('PING'))
    for name in ('DAY_END', 'BUCKETS', 'PART', 'COUNTERSIGN', 'DISPUTE'):
        operation = PAGE.operation_named[name]
        expect_equal(SEEN[name] - {'FIELD', 'RETRY_AFTER'}, operation.answer - {'SANDBOX'})


CASES = [
    a_till_that_has_the_same_is_agreed_with,
    a_till_that_did_nothing_has_nothing_to_settle,
    totals_that_differ_are_told,
    a_day_beyond_the_window_is_too_old,
    what_differs_is_found,
    a_till_s_own_day_is_found_over_the_cut_off,
    the_lag_and_the_end_of_the_day_are_told,
    a_till_proves_its_own_day_only,
    mariadb_that_is_away_stops_buckets_alone,
    a_day_that_is_over_is_signed_and_chained,
    a_till_s_own_day_is_signed_again_after_a_late_item,
    a_disputed_entry_is_decided_and_corrected,
    an_old_entry_is_disputed_out_of_the_archive,
    a_balance_is_explained_by_record_and_lot,
    a_log_in_a_file_is_proved_and_signed,
    a_day_is_proved_and_signed_while_others_book,
    one_of_many_is_found_with_few_messages,
    answers_have_the_fields_that_the_page_lists,
]


def main():
    return run_with_database(CASES, {'originals': {'timeout_ms': TIMEOUT_MS},
                                     'history': {'retry_after_ms': RETRY_AFTER_MS}})


if __name__ == '__main__':
    sys.exit(main())
