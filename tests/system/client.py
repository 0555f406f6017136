"""client.py - transactions over the wire, against the real server, from another language.

The client knows protocol/PROTOCOL.md only; a case that fails says that page and server differ.
"""
import struct
import sys

import batches
import campaigns
import exchange
import stored_value
from server import DAY_MS
from tallygate import PAGE, SEEN
from world import WINDOW_MS, expect, expect_equal, numbers, run

MINUTE_MS = 60000


# Members.

def a_member_is_enrolled_and_found_by_each_identifier(world):
    till, card, phone = world.till(), world.card(), '+49 30 ' + world.card()
    enroll = world.request('ENROLL', identifier_type=1, identifier=card, new_type=2,
                           new_identifier=phone)
    member = expect(enroll.send(till), available=0, replay=None)['member']
    expect(till.call('INQUIRY', identifier_type=1, identifier=card), member=member)
    expect(till.call('INQUIRY', identifier_type=2, identifier=phone), member=member)
    expect(till.call('INQUIRY', identifier_type=1, identifier=phone), 'UNKNOWN_MEMBER')
    expect(till.call('INQUIRY', member=member + 1000000), 'UNKNOWN_MEMBER')
    expect(enroll.send(till), member=member, replay=True)
    other = world.request('ENROLL', identifier_type=1, identifier=card)
    expect(other.send(till), 'IDENTIFIER_TAKEN')


def identifiers_are_linked_and_unlinked(world):
    till, card = world.till(), world.card()
    enroll = world.request('ENROLL', identifier_type=1, identifier=card)
    member = expect(enroll.send(till))['member']
    by_card = {'identifier_type': 1, 'identifier': card}
    unlink = {'new_type': 1, 'new_identifier': card}
    expect(world.request('UNLINK', member=member, **unlink).send(till), 'LAST_IDENTIFIER')
    expect(world.request('LINK', new_type=3, new_identifier='app-' + card, **by_card).send(till),
           member=member)
    expect(world.request('LINK', member=world.member(), **unlink).send(till), 'IDENTIFIER_TAKEN')
    expect(world.request('UNLINK', **by_card, **unlink).send(till), member=member)
    expect(till.call('INQUIRY', **by_card), 'UNKNOWN_MEMBER')
    expect(till.call('INQUIRY', identifier_type=3, identifier='app-' + card), member=member)


def identifiers_are_utf8_up_to_64_bytes(world):
    till = world.till()
    for text in ('é' * 32, 'ポイント', 'e\u0301', 'é', '\U0001f4b3' * 16, ' ', '0'):
        enroll = world.request('ENROLL', identifier_type=9, identifier=text)
        member = expect(enroll.send(till))['member']
        expect(till.call('INQUIRY', identifier_type=9, identifier=text), member=member)
    expect(world.request('ENROLL', identifier_type=9, identifier='é' * 32 + 'x').send(till),
           'BAD_FIELD', field=PAGE.field_named['IDENTIFIER'].number)


# Earn and burn.

def an_earn_and_a_burn_move_points(world):
    till, member = world.till(), world.member()
    day = till.principal['business_date']
    earn = world.request('EARN', member=member, amount=12399, tender=1, channel=1, campaign=7,
                         lines=[['milk', 3, 2000, 2400], ['Brötchen', 0, 500, 10999],
                                ['coupon', 0, 1000, -1000]])
    expect(earn.send(till), member=member, points=123, base_points=123, bonus_points=None,
           available=123, business_date=day, booked_at=earn.time, replay=None)
    burn = world.request('BURN', member=member, points=100, covered=100, amount=500)
    expect(burn.send(till), points=100, available=23, expires_points=23)
    expect(world.request('EARN', member=member, amount=99).send(till), points=0, available=23)
    answer = expect(till.call('INQUIRY', member=member, entries_wanted=2), available=23, usable=23)
    expect_equal([(entry['kind'], entry['points']) for entry in answer['entries']],
                 list(zip(numbers('EARN', 'BURN'), (0, -100))))
    expect_equal([row['points'] for row in answer['expiries']], [23])


def the_largest_amounts_are_exact(world):
    till, member = world.till(), world.member()
    expect(world.request('EARN', member=member, amount=10 ** 12).send(till), points=10 ** 10)
    expect(world.request('BURN', member=member, points=10 ** 10 - 1).send(till), available=1)
    amount = PAGE.field_named['AMOUNT'].number
    expect(world.request('EARN', member=member, amount=10 ** 12 + 1).send(till), 'BAD_FIELD',
           field=amount)


def no_points_cannot_be_burned(world):
    till, member = world.till(), world.member(points=100)
    hold = world.request('HOLD', member=member, points=10)
    expect(hold.send(till))
    refused = {'status': 'BAD_FIELD', 'field': PAGE.field_named['POINTS'].number}
    for operation, fields in (('BURN', {'member': member}), ('HOLD', {'member': member}),
                              ('CAPTURE', hold.named())):
        expect(world.request(operation, points=0, **fields).send(till), **refused)
    expect(till.call('QUOTE', quoted_operation=numbers('BURN')[0], member=member, points=0),
           **refused)
    expect(till.call('INQUIRY', member=member), available=90, held=10)


def a_card_that_nobody_knows_may_be_sent_again_later(world):
    till, card = world.till(), world.card()
    earn = world.request('EARN', identifier_type=1, identifier=card, amount=500)
    answer = expect(earn.send(till), 'UNKNOWN_MEMBER')
    expect_equal(answer.is_again, True)
    expect(world.request('ENROLL', identifier_type=1, identifier=card).send(till))
    expect(earn.send(till, late=True, repeat=True, attempt=1), points=5, replay=None)


def a_receipt_earns_once(world):
    till, member = world.till(), world.member()
    receipt = {'receipt': '000123', 'till': 4, 'till_day': world.today(), 'amount': 1000}
    earn = world.request('EARN', member=member, **receipt)
    expect(earn.send(till), points=10)
    expect(world.request('EARN', member=world.member(), **receipt).send(till), 'RECEIPT_USED')
    expect(earn.send(till), points=10, replay=True)
    for change in ({'receipt': '000124'}, {'till': 5}, {'till_day': world.today() + 1}):
        expect(world.request('EARN', member=member, **{**receipt, **change}).send(till), points=10)
    expect(world.request('EARN', member=member, **receipt).send(world.till(102)), points=10)


# Repetitions.

def a_repetition_has_the_first_outcome(world):
    till, member = world.till(), world.member(points=100)
    burn = world.request('BURN', member=member, points=30)
    first = expect(burn.send(till), available=70)
    world.earn(member, 500)
    for connection in (till, world.till(102), world.server.open(101)):
        again = burn.send(connection, repeat=True, late=True, attempt=3)
        expect_equal(dict(again), dict(first, replay=True))
    expect_equal(world.available(member), 570)


def a_recorded_decline_stays(world):
    till, member = world.till(), world.member(points=100)
    burn = world.request('BURN', member=member, points=101)
    expect(burn.send(till), 'NO_POINTS', available=100, replay=None)
    world.earn(member, 500)
    expect(burn.send(till), 'NO_POINTS', available=100, replay=True)
    expect(world.request('BURN', member=member, points=101).send(till), available=499)


def widest(value):
    """msgpack with the widest form of everything: another encoder of the same request."""
    if isinstance(value, bool):
        return b'\xc3' if value else b'\xc2'
    if isinstance(value, int):
        return struct.pack('>BQ', 0xcf, value) if value >= 0 else struct.pack('>Bq', 0xd3, value)
    if isinstance(value, str):
        octets = value.encode('utf-8')
        return struct.pack('>BI', 0xdb, len(octets)) + octets
    if isinstance(value, bytes):
        return struct.pack('>BI', 0xc6, len(value)) + value
    if isinstance(value, list):
        return struct.pack('>BI', 0xdd, len(value)) + b''.join(widest(item) for item in value)
    pairs = sorted(value.items(), reverse=True)
    return struct.pack('>BI', 0xdf, len(value)) + b''.join(
        widest(part) for pair in pairs for part in pair)


def signed(value):
    """As widest(), integers in 16, 32 or 64 bits and signed."""
    if isinstance(value, int) and not isinstance(value, bool):
        for size, code, first in ((15, '>Bh', 0xd1), (31, '>Bi', 0xd2), (63, '>Bq', 0xd3)):
            if -(1 << size) <= value < 1 << size:
                return struct.pack(code, first, value)
    if isinstance(value, list):
        return struct.pack('>BH', 0xdc, len(value)) + b''.join(signed(item) for item in value)
    if isinstance(value, dict):
        return struct.pack('>BH', 0xde, len(value)) + b''.join(
            signed(part) for pair in value.items() for part in pair)
    return widest(value)


def other_encodings_of_a_request_are_the_same_request(world):
    till = world.till()
    for operation, fields in (
            ('EARN', {'amount': 1980, 'receipt': 'r1', 'till': 1, 'till_day': world.today(),
                      'tender': 0, 'lines': [['Käse', 3, 1000, 2980], ['', 0, 1000, -1000]]}),
            ('BURN', {'points': 10, 'skip_limited': False}),
            ('HOLD', {'points': 3, 'hold_seconds': 600, 'skip_limited': True})):
        member = world.member(points=100)
        request = world.request(operation, member=member, **fields)
        first = expect(request.send(till))
        for pack in (widest, signed):
            expect_equal(dict(request.send(till, pack=pack)), dict(first, replay=True))
        request = world.request(operation, member=member, **{**fields, 'receipt': None})
        first = expect(request.send(till, pack=widest), replay=None)
        expect_equal(dict(request.send(till)), dict(first, replay=True))


# Another value for each field that counts, and for those that do not.
OTHER = {'BUSINESS_TIME': 1, 'IDENTIFIER_TYPE': 9, 'IDENTIFIER': 'x', 'AMOUNT': 1, 'COVERED': 1,
         'RECEIPT': 'x', 'TILL': 1, 'TILL_DAY': 1, 'LINES': [['x', 0, 0, 0]], 'TENDER': 1,
         'CHANNEL': 1, 'CAMPAIGN': 1, 'POINTS': 1, 'HOLD_SECONDS': 1, 'SKIP_LIMITED': True,
         'DIRECTION': 2, 'OWN_UNITS': 1, 'MEMBER': 1, 'ORIGINAL': bytes(16), 'ORIGINAL_TIME': 1,
         'REASON': 1, 'NEW_TYPE': 1, 'NEW_IDENTIFIER': 'x', 'ORIGINAL_BURN': bytes(16)}
FULL = {'AMOUNT': 2000, 'COVERED': 100, 'RECEIPT': 'a', 'TILL': 4, 'TILL_DAY': 20514,
        'LINES': [['a', 1, 1, 1]], 'TENDER': 2, 'CHANNEL': 2, 'CAMPAIGN': 2, 'POINTS': 2,
        'DIRECTION': 1, 'OWN_UNITS': 9, 'HOLD_SECONDS': 60, 'SKIP_LIMITED': False, 'REASON': 3,
        'NEW_TYPE': 2}


def one_changed_field_is_a_conflict(world):
    till = world.till()
    for operation in PAGE.operations:
        if not operation.is_transaction:
            continue
        request = _full_request(world, operation)
        first = request.send(till)
        if not PAGE.status_named[first.status].is_recorded:
            raise AssertionError('%s is not done: %r' % (operation.name, first))
        for name in sorted(operation.content):
            for value in {repr(value): value for value in (OTHER.get(name, 1), None)}.values():
                changed = {name.lower(): value}
                if (operation.name != 'ENROLL' and
                        name in ('MEMBER', 'IDENTIFIER', 'IDENTIFIER_TYPE')):
                    changed = {'member': 1}
                elif value is None and (name in operation.required or
                                        name[:4] in ('NEW_', 'OWN_', 'VALU')):
                    continue
                answer = request.send(till, **changed)
                if answer.status != 'CONFLICT':
                    raise AssertionError('%s with %s = %r: %r' % (operation.name, name, value,
                                                                  answer))
        again = request.send(till, store=11, terminal=101, late=True, repeat=True, attempt=9)
        expect_equal((again.status, dict(again)), (first.status, dict(first, replay=True)))


def _full_request(world, operation):
    """A transaction with every field that it may have."""
    member = world.member(points=1000)
    fields = {name.lower(): FULL[name] for name in operation.content if name in FULL}
    if 'receipt' in fields:
        fields['receipt'] = world.card()[-6:]
    if 'NEW_IDENTIFIER' in operation.content:
        fields['new_identifier'] = world.card()
    if operation.name == 'ENROLL':
        return world.request('ENROLL', identifier_type=1, identifier=world.card(), **fields)
    if operation.name == 'UNLINK':
        expect(world.request('LINK', member=member, new_type=2,
                             new_identifier=fields['new_identifier']).send(world.till()))
    if operation.name == 'CONFIRM':
        earn = world.request('EARN', member=member, amount=100)
        world.server.console.do('partner change 1 pending_days=confirmed')
        expect(earn.send(world.till()), pending=1)
        world.server.console.do('partner change 1 pending_days=0')
        return world.request('CONFIRM', **earn.named())
    original = {'REFUND': 'EARN', 'REVERSE': 'EARN', 'CAPTURE': 'HOLD', 'RELEASE': 'HOLD'}
    if operation.name in original:
        first = world.request(original[operation.name], member=member, amount=5000,
                              points=10 if original[operation.name] == 'HOLD' else None)
        expect(first.send(world.till()))
        fields.update(first.named())
    if operation.name == 'REFUND':
        burn = world.request('BURN', member=member, points=10, covered=10, amount=5000)
        expect(burn.send(world.till()))
        fields['original_burn'] = burn.id
    fields['member'] = member
    return world.request(operation.name, **fields)


# Holds.

def a_hold_is_captured_in_part_and_once(world):
    till, member = world.till(), world.member(points=100)
    hold = world.request('HOLD', member=member, points=60, hold_seconds=600)
    expect(hold.send(till), points=60, held=60, available=40, deadline=hold.time + 600000)
    expect(world.request('BURN', member=member, points=41).send(till), 'NO_POINTS')
    expect(world.request('CAPTURE', points=61, **hold.named()).send(till), 'HOLD_EXCEEDED')
    capture = world.request('CAPTURE', points=45, **hold.named())
    expect(capture.send(till), points=45, available=55, held=None)
    expect(world.request('CAPTURE', points=1, **hold.named()).send(till), 'HOLD_CAPTURED')
    expect(world.request('RELEASE', **hold.named()).send(till), 'HOLD_CAPTURED')
    expect(till.call('STATUS', **hold.named()), outcome=0, state=3)
    expect(world.request('REVERSE', reason=1, **capture.named()).send(till), available=100)


def a_hold_is_released(world):
    till, member = world.till(), world.member(points=100)
    hold = world.request('HOLD', member=member, points=60)
    expect(hold.send(till), deadline=hold.time + 300000)
    release = world.request('RELEASE', **hold.named())
    expect(release.send(till), available=100, held=None)
    expect(world.request('RELEASE', **hold.named()).send(till), 'HOLD_RELEASED')
    expect(world.request('CAPTURE', points=1, **hold.named()).send(till), 'HOLD_RELEASED')


def a_hold_ends_at_its_deadline(world):
    till, member = world.till(), world.member(points=100)
    hold = world.request('HOLD', member=member, points=60, hold_seconds=60)
    expect(hold.send(till), available=40)
    world.step(59999)
    expect(till.call('INQUIRY', member=member), held=60)
    world.step(1)
    expect(till.call('INQUIRY', member=member), held=None, available=100)
    expect(world.request('CAPTURE', points=1, **hold.named()).send(till), 'HOLD_EXPIRED')
    expect(till.call('STATUS', **hold.named()), state=5)


# Refunds and reversals.

def a_purchase_is_refunded_in_parts_to_the_last_point(world):
    till, member = world.till(), world.member()
    earn = world.request('EARN', member=member, amount=9999)
    expect(earn.send(till), points=99)
    taken = 0
    for amount in (3333, 1, 6000, 665):
        refund = world.request('REFUND', amount=amount, reason=3, **earn.named())
        answer = expect(refund.send(till), money_returned=amount)
        expect_equal(dict(refund.send(till)), dict(answer, replay=True))
        taken += answer.get('taken_points', 0)
    expect_equal((taken, world.available(member)), (99, 0))
    expect(world.request('REFUND', amount=1, **earn.named()).send(till), 'OVER_REFUND')
    expect(world.request('REVERSE', reason=2, **earn.named()).send(till), 'NOT_REVERSIBLE')


def a_purchase_paid_with_points_gives_points_back(world):
    till, member = world.till(), world.member(points=500)
    burn = world.request('BURN', member=member, points=400, covered=400, amount=10000)
    expect(burn.send(till), available=100)
    earn = world.request('EARN', member=member, amount=10000, covered=400)
    expect(earn.send(till), points=96)
    refund = world.request('REFUND', amount=10000, original_burn=burn.id, **earn.named())
    expect(refund.send(till), money_returned=9600, restored_points=400, taken_points=96,
           available=500)


def points_that_are_gone_become_a_debt(world):
    till, member = world.till(), world.member()
    earn = world.earn(member, 50)
    expect(world.request('BURN', member=member, points=50).send(till))
    expect(world.request('REFUND', amount=5000, **earn.named()).send(till), taken_points=50,
           available=0, debt=50)
    expect(world.request('EARN', member=member, amount=6000).send(till), points=60, paid_debt=50,
           available=10, debt=None)


def what_was_booked_is_reversed_once(world):
    till, member = world.till(), world.member(points=100)
    for operation, fields, change in (('EARN', {'amount': 700}, 7), ('BURN', {'points': 30}, -30),
                                      ('HOLD', {'points': 30}, -30)):
        request = world.request(operation, member=member, **fields)
        expect(request.send(till), available=100 + change)
        reverse = world.request('REVERSE', reason=1, **request.named())
        answer = expect(reverse.send(till), available=100)
        expect_equal(dict(reverse.send(till)), dict(answer, replay=True))
        expect(world.request('REVERSE', reason=1, **request.named()).send(till),
               'OK' if operation == 'HOLD' else 'ALREADY_REVERSED')
        expect(request.send(till), replay=True, available=100 + change)
    expect_equal(world.available(member), 100)


def a_declined_original_needs_no_undoing(world):
    till, member = world.till(), world.member(points=10)
    burn = world.request('BURN', member=member, points=11)
    expect(burn.send(till), 'NO_POINTS')
    expect(world.request('REVERSE', reason=1, **burn.named()).send(till), available=10)


def a_reversal_that_comes_first_keeps_its_original_out(world):
    till, member = world.till(), world.member(points=100)
    burn = world.request('BURN', member=member, points=30)
    reverse = world.request('REVERSE', reason=1, **burn.named())
    expect(till.call('STATUS', **burn.named()), 'UNKNOWN_TRANSACTION')
    expect(reverse.send(till), 'ORIGINAL_UNKNOWN', available=100)
    expect(burn.send(till), 'REVERSED_BEFORE')
    expect(till.call('STATUS', **burn.named()), outcome=numbers('REVERSED_BEFORE')[0])
    expect(reverse.send(till), 'ORIGINAL_UNKNOWN', replay=True)
    expect_equal(world.available(member), 100)


def a_void_of_what_nobody_knows_leaves_nothing(world):
    till, member = world.till(), world.member(points=100)
    burn = world.request('BURN', member=member, points=30)
    answer = world.request('REVERSE', reason=2, **burn.named()).send(till)
    expect(answer, 'UNKNOWN_ORIGINAL')
    expect(burn.send(till), available=70, replay=None)


def pending_points_are_confirmed(world):
    till, member = world.till(), world.member()
    world.server.console.do('partner change 1 pending_days=confirmed')
    earn = world.request('EARN', member=member, amount=1000)
    expect(earn.send(till), points=10, pending=10, available=0)
    world.server.console.do('partner change 1 pending_days=0')
    confirm = world.request('CONFIRM', **earn.named())
    expect(confirm.send(till), points=10, pending=None, available=10)
    expect(confirm.send(till), points=10, replay=True)


# Questions.

def status_tells_what_became_of_a_transaction(world):
    till, member = world.till(), world.member(points=100)
    burn = world.request('BURN', member=member, points=30)
    expect(till.call('STATUS', **burn.named()), 'UNKNOWN_TRANSACTION')
    booked = expect(burn.send(till))
    expect(till.call('STATUS', **burn.named()), outcome=0, kind=numbers('BURN')[0], state=0,
           points=30, sequence=booked['sequence'], booked_at=booked['booked_at'], available=70)
    expect(world.request('REVERSE', reason=2, **burn.named()).send(till))
    expect(till.call('STATUS', **burn.named()), outcome=0, state=1, available=70)
    expect_equal(world.available(member), 100)
    decline = world.request('BURN', member=member, points=101)
    expect(decline.send(till), 'NO_POINTS')
    expect(till.call('STATUS', **decline.named()), outcome=numbers('NO_POINTS')[0])


def totals_are_the_sum_of_what_a_till_did(world):
    number = 108
    world.server.console.do('terminal add 108 partner=1 store=12')
    till, member = world.till(number), world.member(points=1000)
    for points in (10, 20, 2000):
        world.request('BURN', member=member, points=points).send(till)
    for amount in (1050, 2050):
        world.request('EARN', member=member, amount=amount, till_day=world.today()).send(till)
    repeated = world.request('BURN', member=member, points=5)
    expect(repeated.send(till))
    expect(repeated.send(till), replay=True)
    burn, earn = numbers('BURN', 'EARN')
    day = till.call('PING')['business_date']
    expect_equal(_totals(till, day=day, basis=1, scope=1),
                 {(burn, False): (3, 35, 0), (burn, True): (1, 2000, 0),
                  (earn, False): (2, 30, 3100)})
    expect_equal(_totals(till, day=world.today(), basis=2, scope=1),
                 {(earn, False): (2, 30, 3100)})
    of_store = _totals(till, day=day, basis=1, scope=2)
    of_partner = _totals(till, day=day, basis=1, scope=3)
    for key, (count, points, amount) in of_store.items():
        if key[0] in (burn, earn) and not of_partner[key] >= (count, points, amount):
            raise AssertionError('the partner has less than its store')
    expect_equal(_totals(till, day=day - 1, basis=1, scope=1), {})


def _totals(till, **fields):
    answer = expect(till.call('TOTALS', **fields))
    return {(row['kind'], row['is_declined']): (row['count'], row['points'], row['amount'])
            for row in answer.get('totals', [])}


def a_quote_tells_and_changes_nothing(world):
    till, member = world.till(), world.member(points=100)
    earn, burn = numbers('EARN', 'BURN')
    expect(till.call('QUOTE', quoted_operation=earn, member=member, amount=1299), points=12,
           base_points=12)
    expect(till.call('QUOTE', quoted_operation=burn, member=member, points=60), points=60)
    expect(till.call('QUOTE', quoted_operation=burn, member=member, points=101), 'NO_POINTS')
    expect(till.call('QUOTE', quoted_operation=earn, member=member), 'MISSING_FIELD',
           field=PAGE.field_named['AMOUNT'].number)
    expect(till.call('QUOTE', quoted_operation=burn, member=member), 'MISSING_FIELD',
           field=PAGE.field_named['POINTS'].number)
    expect_equal(world.available(member), 100)


# Time.

def business_time_has_its_bounds(world):
    till, member = world.till(), world.member(points=1000)
    now = world.now()
    for offset, earns, burns in ((-WINDOW_MS, 'OK', 'CLOCK_OFF'),
                                 (-WINDOW_MS - 1, 'TOO_OLD', 'TOO_OLD'),
                                 (-5 * MINUTE_MS, 'OK', 'OK'),
                                 (-5 * MINUTE_MS - 1, 'OK', 'CLOCK_OFF'),
                                 (5 * MINUTE_MS, 'OK', 'OK'),
                                 (5 * MINUTE_MS + 1, 'OK', 'CLOCK_OFF'),
                                 (10 * MINUTE_MS, 'OK', 'CLOCK_OFF'),
                                 (10 * MINUTE_MS + 1, 'CLOCK_AHEAD', 'CLOCK_AHEAD')):
        time = {'business_time': now + offset}
        expect(world.request('EARN', member=member, amount=100, **time).send(till), earns)
        for operation in ('BURN', 'HOLD'):
            expect(world.request(operation, member=member, points=1, **time).send(till), burns)


def a_repetition_is_known_for_the_whole_window(world):
    till, member = world.till(), world.member()
    earn = world.request('EARN', member=member, amount=100)
    expect(earn.send(till), points=1)
    world.step(WINDOW_MS)
    expect(earn.send(till), points=1, replay=True)
    other = world.request('EARN', member=member, amount=100, business_time=earn.time)
    expect(other.send(till), points=1)
    world.step(1)
    expect(earn.send(till), points=1, replay=True)
    expect(world.request('EARN', member=member, amount=100, business_time=earn.time).send(till),
           'TOO_OLD')
    world.step(WINDOW_MS + 11 * MINUTE_MS)
    for request in (earn, other):
        answer = request.send(till)
        if answer.status != 'TOO_OLD' and not answer.get('replay'):
            raise AssertionError(answer)
    expect_equal(world.available(member), 2)


def the_business_date_moves_at_the_cut_off(world):
    till, member = world.till(), world.member()
    now = world.now()
    world.step(DAY_MS - now % DAY_MS - 1)
    before = expect(world.request('EARN', member=member, amount=100).send(till))
    world.step(1)
    after = expect(world.request('EARN', member=member, amount=100).send(till))
    expect_equal(after['business_date'], before['business_date'] + 1)
    expect_equal(after['expires_day'], before['expires_day'] + 1)


# Who may do what.

def another_partner_sees_nothing_and_undoes_nothing(world):
    mine, theirs, member = world.till(101), world.till(201), world.member(points=100)
    burn = world.request('BURN', member=member, points=30)
    expect(burn.send(mine), available=70)
    expect(theirs.call('STATUS', **burn.named()), 'UNKNOWN_TRANSACTION')
    expect(world.request('REFUND', amount=1, original_burn=burn.id, member=member,
                         original_time=burn.time).send(theirs), 'UNKNOWN_ORIGINAL')
    expect(world.request('REVERSE', reason=2, **burn.named()).send(theirs), 'UNKNOWN_ORIGINAL')
    expect(world.request('REVERSE', reason=1, **burn.named()).send(theirs), 'ORIGINAL_UNKNOWN')
    expect(mine.call('STATUS', **burn.named()), outcome=0, state=0)
    for till, partner, count in ((mine, 1, 3), (theirs, 2, 1)):
        answer = till.call('INQUIRY', member=member, entries_wanted=20)
        expect_equal([entry['partner'] for entry in answer['entries']], [partner] * count)
    expect_equal(world.available(member, till=201), 70)


def another_partner_s_use_of_an_id_is_another_transaction(world):
    mine, theirs, member = world.till(101), world.till(201), world.member()
    earn = world.request('EARN', member=member, amount=1000)
    expect(earn.send(mine), available=10)
    expect(earn.send(theirs), available=20, replay=None)
    expect(earn.send(mine), available=10, replay=True)
    expect(earn.send(theirs), available=20, replay=True)


def what_a_terminal_has_no_right_to_is_forbidden(world):
    member, inquirer = world.member(points=10), world.till(103)
    for operation in PAGE.operations:
        if operation.is_transaction:
            answer = _full_request(world, operation).send(inquirer)
            expect_equal((operation.name, answer.status), (operation.name, 'FORBIDDEN'))
    expect(inquirer.call('INQUIRY', member=member))
    expect(world.till(101).batch([('EARN', world.request('EARN', member=member,
                                                         amount=1).fields)]), 'FORBIDDEN')


def a_till_speaks_for_itself_only(world):
    till, member = world.till(101), world.member()
    earn = {'member': member, 'amount': 100}
    for own in ({'store': 11}, {'terminal': 101}, {'store': 11, 'terminal': 101}):
        expect(world.request('EARN', **earn, **own).send(till), points=1)
    for name, number in (('store', 12), ('terminal', 102), ('store', 21), ('terminal', 999)):
        expect(world.request('EARN', **earn, **{name: number}).send(till), 'FORBIDDEN',
               field=PAGE.field_named[name.upper()].number)


def a_partner_s_system_acts_for_its_own(world):
    system, member = world.till(150), world.member()
    earn = {'member': member, 'amount': 100}
    day = system.call('PING')['business_date']
    world.server.console.do('terminal add 109 partner=1 store=12')
    expect(world.request('EARN', **earn, terminal=109).send(system), points=1)
    expect_equal(_totals(system, day=day, basis=1, scope=1, terminal=109),
                 {(numbers('EARN')[0], False): (1, 1, 100)})
    for field, status in (({'store': 21}, 'UNKNOWN_STORE'), ({'store': 99}, 'UNKNOWN_STORE'),
                          ({'terminal': 201}, 'UNKNOWN_TERMINAL'),
                          ({'terminal': 999}, 'UNKNOWN_TERMINAL')):
        expect(world.request('EARN', **earn, **field).send(system), status)
        expect(system.call('TOTALS', day=day, basis=1, scope=1, **field), status)


# Figures that few answers have.

def a_bonus_is_told_apart_and_capped(world):
    till, member = world.till(301), world.member(points=5)
    earn = {'member': member, 'amount': 1000}
    figures = {'points': 30, 'base_points': 10, 'bonus_points': 20, 'capped': None}
    expect(till.call('QUOTE', quoted_operation=numbers('EARN')[0], **earn), **figures)
    bonus = world.request('EARN', **earn)
    expect(bonus.send(till), **figures)
    capped = world.request('EARN', **earn)
    figures = {'points': 10, 'base_points': 10, 'bonus_points': None, 'capped': True}
    expect(till.call('QUOTE', quoted_operation=numbers('EARN')[0], **earn), **figures)
    expect(capped.send(till), **figures)
    for request, figures in ((bonus, {'bonus_points': 20, 'capped': None}),
                             (capped, {'bonus_points': None, 'capped': True})):
        expect(till.call('STATUS', **request.named()), outcome=0, base_points=10, **figures)
    expect(till.call('INQUIRY', member=member), available=45, usable=45)
    expect(world.till(101).call('INQUIRY', member=member), available=45, usable=25)


def limited_points_go_first_unless_told_otherwise(world):
    till, member = world.till(301), world.member(points=10)
    expect(world.request('EARN', member=member, amount=500).send(till), bonus_points=10)
    usable = 25
    for fields in ({'skip_limited': True}, {}):
        expect(world.request('BURN', member=member, points=5, **fields).send(till))
        usable -= 5 if fields else 0
        expect(world.till(101).call('INQUIRY', member=member), usable=usable - 10)


def points_past_their_day_are_not_given_back(world):
    till, member = world.till(301), world.member()
    earn = world.request('EARN', member=member, amount=500)
    expect(earn.send(till), bonus_points=10)
    burn = world.request('BURN', member=member, points=10, covered=10, amount=10)
    expect(burn.send(till))
    world.step(2 * DAY_MS)
    refund = world.request('REFUND', amount=10, original_burn=burn.id, original_time=burn.time,
                           member=member)
    expect(refund.send(till), restored_points=None, lost_points=10)
    expect(till.call('STATUS', **refund.named()), lost_points=10)


def points_given_back_pay_a_debt(world):
    till, member = world.till(), world.member()
    earn = world.earn(member, 50)
    burns = [world.request('BURN', member=member, points=25, covered=25, amount=25)
             for _ in range(2)]
    for burn in burns:
        expect(burn.send(till))
    refund = world.request('REFUND', amount=5000, **earn.named())
    expect(refund.send(till), debt=50, taken_points=50)
    expect(till.call('STATUS', **refund.named()), taken_points=50, money_returned=5000)
    expect(till.call('QUOTE', quoted_operation=numbers('EARN')[0], member=member, amount=1000),
           paid_debt=10, debt=40)
    expect(world.request('REVERSE', reason=2, **burns[0].named()).send(till), restored_points=25,
           paid_debt=25, debt=25)
    refund = world.request('REFUND', amount=25, original_burn=burns[1].id,
                           original_time=burns[1].time, member=member)
    expect(refund.send(till), restored_points=25, paid_debt=25, debt=None)
    expect(till.call('STATUS', **refund.named()), restored_points=25, paid_debt=25)


# Not all of an answer's figures can be had in each operation; none gives offers so far, and this is
# no sandbox: sandbox.py has one.
NOT_HERE = {'PENDING', 'HELD', 'DEBT', 'EXPIRES_DAY', 'EXPIRES_POINTS', 'OFFERS', 'SANDBOX'}
# These need an archive, see history.py and day_end.py, or a code, see activation.py.
ELSEWHERE = {'HISTORY', 'ENTRIES', 'ACTIVATE', 'DAY_END', 'BUCKETS', 'PART',
             'COUNTERSIGN', 'DISPUTE', 'STATEMENT', 'ACKNOWLEDGE', 'DISPUTES'}


def answers_have_the_fields_that_the_page_lists(_world):
    """After all other cases."""
    wrong = []
    for operation in PAGE.operations:
        seen = SEEN.get(operation.name, set()) - {'FIELD', 'RETRY_AFTER', 'MESSAGE'}
        wrong += ['%s tells %s' % (operation.name, name) for name in seen - operation.answer]
        if operation.name not in ELSEWHERE | {'NOTICE'}:
            wrong += ['%s never told %s' % (operation.name, name)
                      for name in operation.answer - seen - NOT_HERE]
    expect_equal(wrong, [])


CASES = [
    a_member_is_enrolled_and_found_by_each_identifier,
    identifiers_are_linked_and_unlinked,
    identifiers_are_utf8_up_to_64_bytes,
    an_earn_and_a_burn_move_points,
    the_largest_amounts_are_exact,
    no_points_cannot_be_burned,
    a_card_that_nobody_knows_may_be_sent_again_later,
    a_receipt_earns_once,
    a_repetition_has_the_first_outcome,
    a_recorded_decline_stays,
    other_encodings_of_a_request_are_the_same_request,
    one_changed_field_is_a_conflict,
    a_hold_is_captured_in_part_and_once,
    a_hold_is_released,
    a_hold_ends_at_its_deadline,
    a_purchase_is_refunded_in_parts_to_the_last_point,
    a_purchase_paid_with_points_gives_points_back,
    points_that_are_gone_become_a_debt,
    what_was_booked_is_reversed_once,
    a_declined_original_needs_no_undoing,
    a_reversal_that_comes_first_keeps_its_original_out,
    a_void_of_what_nobody_knows_leaves_nothing,
    pending_points_are_confirmed,
    status_tells_what_became_of_a_transaction,
    totals_are_the_sum_of_what_a_till_did,
    a_quote_tells_and_changes_nothing,
    business_time_has_its_bounds,
    a_repetition_is_known_for_the_whole_window,
    the_business_date_moves_at_the_cut_off,
    another_partner_sees_nothing_and_undoes_nothing,
    another_partner_s_use_of_an_id_is_another_transaction,
    what_a_terminal_has_no_right_to_is_forbidden,
    a_till_speaks_for_itself_only,
    a_partner_s_system_acts_for_its_own,
    *batches.CASES,
    a_bonus_is_told_apart_and_capped,
    exchange.own_currency_is_exchanged_both_ways,
    stored_value.stored_value_is_topped_up_and_paid_with,
    campaigns.a_campaign_is_told_apart,
    limited_points_go_first_unless_told_otherwise,
    points_past_their_day_are_not_given_back,
    points_given_back_pay_a_debt,
    answers_have_the_fields_that_the_page_lists,
]


if __name__ == '__main__':
    sys.exit(run(CASES))
