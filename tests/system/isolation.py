#!/usr/bin/env python3
"""isolation.py - what a partner names that is another's is, to it, what is not there at all.

The matrix is made from the message table of protocol/PROTOCOL.md: every operation that a session
may say, every field of it that names something a partner owns, and for each its own, another's
and nobody's.  A new operation is in it from its first day; a new naming field is added to NAMES.
"""
import statistics
import sys
import time

from tallygate import PAGE, new_id
from world import expect, expect_equal, run

OWN, OTHER, NONE = 'own', 'other', 'none'
# What partner 2 and its machines own, partner 1 owns, and nobody has.
NAMES = {'STORE': {OWN: 21, OTHER: 11, NONE: 99}, 'TERMINAL': {OWN: 201, OTHER: 101, NONE: 999}}
# The fields that name a transaction; in STATUS the id itself does.
ORIGINALS = ('ORIGINAL', 'ORIGINAL_BURN')
# These are about the connection, or hold other operations.
SESSION = ('HELLO', 'AUTH', 'PING', 'ACTIVATE', 'NOTICE', 'BATCH')
# Told with every answer, and different each time.
PASSING = ('sequence', 'server_time', 'booked_at', 'transaction_id')
# Names nothing: whose entries they are is who asks.  tests/system/history.py shows it.
NAMELESS = ['ENTRIES', 'STATEMENT', 'ACKNOWLEDGE', 'DISPUTES']
OPERATIONS = [operation for operation in PAGE.operations if operation.name not in SESSION]
# Values for fields that an operation must have; others are made by their type.
BY_TYPE = {'INT': 1, 'BOOL': True, 'STR': 'x', 'LINES': [['item', 0, 1000, 1]]}
TIMED = 200


def names_transactions(operation):
    return [name for name in ORIGINALS if name in operation.fields] or (
        ['TRANSACTION_ID'] if not operation.is_transaction and 'TRANSACTION_ID' in operation.fields
        else [])


def body(world, operation, member, **changes):
    """A request with all that it must have, and a member."""
    known = {'BUSINESS_TIME': world.now(), 'ORIGINAL_TIME': world.now(), 'DAY': world.today(),
             'IDENTIFIER': world.card(), 'NEW_IDENTIFIER': world.card(), 'REASON': 2,
             'QUOTED_OPERATION': PAGE.operation_named['EARN'].number, 'MEMBER': member}
    fields = {'QUOTE': {'amount': 1}, 'REFUND': {'original': new_id()},
              'EXCHANGE': {'own_units': 9}, 'TOP_UP': {'amount': 9},
              'PAY': {'amount': 9}}.get(operation.name, {})
    for name in operation.required | ({'MEMBER'} & operation.fields):
        field = PAGE.field_named[name]
        if name.lower() in fields:
            continue
        fields[name.lower()] = (known[name] if name in known else new_id()
                                if field.type == 'BIN' else BY_TYPE[field.type])
    return {**fields, **changes}


def told(answer):
    return answer.status, {name: value for name, value in answer.items() if name not in PASSING}


def ask(session, operation, fields, is_item=False):
    fields = dict(fields)
    if operation.is_transaction:
        fields['transaction_id'] = new_id()
    if is_item:
        return session.batch([(operation.name, fields)])[0]
    return session.call(operation.name, **fields)


def transactions(world, till, member):
    """One of each kind that others can name: (kind, request)."""
    for kind, fields in (('EARN', {'amount': 5000}), ('BURN', {'points': 1}),
                         ('HOLD', {'points': 1})):
        request = world.request(kind, member=member, **fields)
        expect(request.send(world.till(till)))
        yield kind, request


def naming(name, request):
    """The fields that name a transaction, or one that never was when request has another id."""
    if name == 'TRANSACTION_ID':
        return {'transaction_id': request}
    return {'original': request, name.lower(): request}


# Cases.

def every_operation_is_in_the_matrix(_world):
    missing = [operation.name for operation in OPERATIONS
               if not (set(NAMES) & operation.fields or names_transactions(operation))]
    expect_equal(missing, NAMELESS)
    unknown = [field.name for field in PAGE.fields
               if field.name.startswith('ORIGINAL') and field.name not in ORIGINALS
               and field.type == 'BIN']
    expect_equal(unknown, [])


def stores_and_terminals_of_others_are_as_those_that_nobody_has(world):
    """A till may not name any but its own; a partner's system any of its partner's."""
    member = world.member(points=1000)
    for till in (201, 250):
        for operation in OPERATIONS:
            for name in sorted(set(NAMES) & operation.fields):
                found = {whose: told(ask(world.till(till), operation, body(
                    world, operation, member, **{name.lower(): number})))
                    for whose, number in NAMES[name].items()}
                if found[OTHER] != found[NONE] or found[OTHER][0] == 'OK' or (
                        found[OWN][0] == found[OTHER][0]):
                    raise AssertionError('%s at %d by %s: %r' % (operation.name, till, name, found))


def transactions_of_others_are_as_those_that_never_were(world):
    member = world.member(points=10000)
    theirs = [(kind, request, new_id()) for kind, request in transactions(world, 101, member)]
    before = [told(world.till(101).call('STATUS', **request.named())) for _, request, _ in theirs]
    for till in (201, 250):
        for operation in OPERATIONS:
            for name in names_transactions(operation):
                for kind, request, nobodys in theirs:
                    _expect_as_unknown(world, till, operation, name,
                                       {OTHER: request.id, NONE: nobodys},
                                       {'kind': kind, 'time': request.time, 'member': member})
    expect_equal([told(world.till(101).call('STATUS', **request.named()))
                  for _, request, _ in theirs], before)


def _expect_as_unknown(world, till, operation, name, ids, original):
    """As a request of its own, and as an item of a batch for who may send one."""
    fields = at_time(operation, body(world, operation, original['member']), original['time'])
    may_batch = till == 250 and operation.is_transaction
    # A void of what nobody knows leaves nothing; "outcome unknown" leaves a tombstone, so is last.
    for reason in (2, 1) if 'REASON' in operation.fields else (None,):
        for is_item in (False, True) if may_batch else (False,):
            found = {whose: told(ask(world.till(till), operation,
                                     {**fields, **naming(name, named), 'reason': reason}, is_item))
                     for whose, named in ids.items()}
            if found[OTHER] != found[NONE] or (
                    found[OTHER][0] == 'OK' and not found[OTHER][1].get('outcome')):
                raise AssertionError('%s at %d by %s of a %s: %r' % (
                    operation.name, till, name, original['kind'], found))


def at_time(operation, fields, time_ms):
    """With the time of the transaction that is named."""
    name = 'original_time' if 'ORIGINAL_TIME' in operation.fields else 'business_time'
    return {**fields, name: time_ms}


def its_own_transactions_are_found_by_the_same_requests(world):
    """The matrix would say nothing if its requests were refused for another reason."""
    member = world.member(points=10000)
    for name, kind in (('CAPTURE', 'HOLD'), ('RELEASE', 'HOLD'), ('REFUND', 'EARN'),
                       ('REVERSE', 'BURN'), ('STATUS', 'EARN')):
        operation = PAGE.operation_named[name]
        request = dict(transactions(world, 201, member))[kind]
        fields = at_time(operation, body(world, operation, member), request.time)
        answer = ask(world.till(201), operation, {**fields, 'original': request.id})
        expect_equal((name, answer.status), (name, 'OK'))


def what_others_have_takes_no_longer_than_what_is_not_there(world):
    """Medians, by turns; a search that ends early would show as a factor."""
    member = world.member(points=10)
    burn = world.request('BURN', member=member, points=1)
    expect(burn.send(world.till(101)))
    seconds = {OTHER: [], NONE: []}
    for _ in range(TIMED):
        for whose, named in ((OTHER, burn.id), (NONE, new_id())):
            begun = time.perf_counter()
            expect(world.till(201).call('STATUS', **{**burn.named(), 'original': named}),
                   'UNKNOWN_TRANSACTION')
            seconds[whose].append(time.perf_counter() - begun)
    ratio = statistics.median(seconds[OTHER]) / statistics.median(seconds[NONE])
    if not 0.5 < ratio < 2:
        raise AssertionError('another partner\'s takes %.2f times as long' % ratio)


CASES = [
    every_operation_is_in_the_matrix,
    stores_and_terminals_of_others_are_as_those_that_nobody_has,
    transactions_of_others_are_as_those_that_never_were,
    its_own_transactions_are_found_by_the_same_requests,
    what_others_have_takes_no_longer_than_what_is_not_there,
]


if __name__ == '__main__':
    sys.exit(run(CASES))
