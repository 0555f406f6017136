"""batches.py - BATCH frames against the real server; cases of client.py."""
import itertools

from tallygate import PAGE, new_id, to_wire
from world import WINDOW_MS, expect, expect_equal, numbers


def _mixed_batch(world, member):
    """Items and the statuses they must have."""
    hold = world.request('HOLD', member=member, points=50)
    earn = world.request('EARN', member=member, amount=1000)
    return [(request.operation, request.fields, status) for request, status in (
        (earn, 'OK'), (hold, 'OK'), (earn, 'OK'),
        (world.request('CAPTURE', points=20, **hold.named()), 'OK'),
        (world.request('BURN', member=member, points=10 ** 6), 'NO_POINTS'),
        (world.request('REVERSE', reason=1, member=member, original=new_id(),
                       original_time=world.now()), 'ORIGINAL_UNKNOWN'),
        (world.request('EARN', member=10 ** 9, amount=1), 'UNKNOWN_MEMBER'),
        (world.request('EARN', member=member, amount=1,
                       business_time=world.now() - WINDOW_MS - 1), 'TOO_OLD'))] + [
        ('EARN', {**earn.fields, 'amount': 999}, 'CONFLICT'),
        ('EARN', {'transaction_id': new_id()}, 'MISSING_FIELD'),
        ('EARN', {**earn.fields, 'quoted_operation': 20}, 'UNKNOWN_FIELD'),
        ('INQUIRY', {'member': member}, 'UNKNOWN_OPERATION')]


def a_batch_has_an_outcome_for_each_item(world):
    system, member = world.till(150), world.member(points=100)
    items = _mixed_batch(world, member)
    batch = [(operation, fields) for operation, fields, _ in items]
    first = system.batch(batch)
    expect_equal([answer.status for answer in first], [status for _, _, status in items])
    expect_equal([answer.get('replay') for answer in first[:5]], [None, None, True, None, None])
    expect_equal(world.available(member), 90)
    again = system.batch(batch)
    for answer, before in zip(again, first):
        is_recorded = PAGE.status_named[before.status].is_recorded
        expect_equal((answer.status, dict(answer)),
                     (before.status, dict(before, replay=True) if is_recorded else dict(before)))
    expect_equal(world.available(member), 90)


def a_batch_is_as_large_as_the_page_says(world):
    system = world.till(250)
    members = [world.member() for _ in range(10)]
    now = world.now()
    batch = [('EARN', {'transaction_id': new_id(), 'business_time': now, 'member': member,
                       'amount': 100})
             for member, _ in zip(itertools.cycle(members), range(8190))]
    number = system.send('BATCH', items=batch)
    expect(system.call('INQUIRY', member=members[0]))
    answers = expect(system.answer(number))['items']
    expect_equal({answer.status for answer in answers}, {'OK'})
    expect_equal([world.available(member) for member in members], [819] * 10)
    answers = system.batch(batch)
    expect_equal({(answer.status, answer.get('replay')) for answer in answers}, {('OK', True)})
    expect(system.batch([]), 'BAD_FIELD', field=PAGE.field_named['ITEMS'].number)


def a_batch_with_a_malformed_item_is_refused_whole(world):
    member = world.member()
    earn = numbers('EARN')[0]
    good = to_wire(world.request('EARN', member=member, amount=100).fields)
    for body in ({'a': 1}, {256: 1}, {8: 1.5}, {8: {1: 2}}, {200: {1: 2}}):
        _expect_batch_refused(world, [[earn, good], [earn, body]], 'BAD_FRAME')
    _expect_batch_refused(world, [[earn, good]] * 8191, 'BAD_FRAME')
    expect_equal(world.available(member), 0)


def _expect_batch_refused(world, items, status):
    with world.server.open(150) as system:
        expect(system.call('BATCH', numbered={PAGE.field_named['ITEMS'].number: items}), status)
        system.await_close()


def an_item_that_is_none_is_refused_by_itself(world):
    system, member = world.till(150), world.member()
    earn = numbers('EARN')[0]
    items = [[earn], [earn, {}, 0], earn, [], 'text', None, [earn, []], ['EARN', {}], [70000, {}]]
    last = [earn, to_wire(world.request('EARN', member=member, amount=100).fields)]
    answer = system.call('BATCH', numbered={PAGE.field_named['ITEMS'].number: items + [last]})
    expect_equal([item.status for item in answer['items']], ['BAD_FRAME'] * len(items) + ['OK'])


CASES = [
    a_batch_has_an_outcome_for_each_item,
    a_batch_is_as_large_as_the_page_says,
    a_batch_with_a_malformed_item_is_refused_whole,
    an_item_that_is_none_is_refused_by_itself,
]
