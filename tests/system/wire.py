"""wire.py - frames, values and the opening of sessions, against the real server.

The client knows protocol/PROTOCOL.md only; a case that fails says that page and server differ.
"""
import re
import ssl
import struct
import sys

import msgpack

from server import HOST
from tallygate import (Connection, Distrust, PAGE, PROOF_LABEL, SERVER_LABEL, Unanswered, new_id,
                       proof, terminal_key)
from world import expect, expect_equal, run

TWO_MIB = 2 << 20


# The page alone.

def frames_of_the_page_are_as_its_words_say(_world):
    for words, octets in PAGE.examples():
        count, = struct.unpack_from('>I', octets)
        expect_equal(count, len(octets) - 4)
        number, code, body = msgpack.unpackb(octets[4:], raw=False, strict_map_key=False)
        head = re.match(r'\[(\d+), (\w+),', words)
        names = re.findall(r'(\w+): ', words)
        expect_equal(number, int(head.group(1)))
        expect_equal([PAGE.field_numbered[field].name for field in body], names)
        expect_equal(msgpack.packb([number, code, body]), octets[4:])
        if head.group(2) in PAGE.status_named:
            expect_equal(code, PAGE.status_named[head.group(2)].number)
        else:
            expect_equal(code, PAGE.operation_named[head.group(2)].number)
    expect_equal(len(PAGE.examples()), 6)


def keys_and_proofs_of_the_page_can_be_made(_world):
    example = PAGE.proof_example()
    key = terminal_key(example['master key'], 'demo', 1001, 2)
    expect_equal(key, example['key'])
    for label, name in ((PROOF_LABEL, 'terminal proof'), (SERVER_LABEL, 'server proof')):
        expect_equal(proof(key, label, 1, 1001, 2, example['client nonce'],
                           example['server nonce'], example['exporter']), example[name])


# Sessions.

def hello_tells_version_limits_and_clock(world):
    with world.server.connect() as connection:
        answer = expect(connection.hello(), version=1, instance='test', frame_bytes_max=16384,
                        batch_bytes_max=TWO_MIB, in_flight_max=32, stepped_clock=True)
        expect_equal(len(answer['server_nonce']), 16)
        expect_equal(answer['business_date'], answer['server_time'] // 86400000)


def a_newer_client_is_told_the_version_that_is_spoken(world):
    with world.server.connect() as connection:
        expect(connection.hello(version=255), version=1)
        expect(connection.auth_by_key(101, 1, world.server.key(101)))


def nothing_goes_before_hello_and_little_before_auth(world):
    with world.server.connect() as connection:
        for operation in ('PING', 'AUTH', 'TOTALS'):
            expect(connection.call(operation, terminal=101), 'AUTH_REQUIRED')
        expect(connection.hello())
        expect(connection.hello(), 'OUT_OF_TURN')
        expect(connection.call('PING'))
        expect(connection.call('TOTALS', day=1, basis=1, scope=1), 'AUTH_REQUIRED')
        expect(connection.auth_by_key(101, 1, world.server.key(101)))
        expect(connection.auth_by_key(101, 1, world.server.key(101)), 'OUT_OF_TURN')


def each_session_has_another_server_nonce(world):
    nonces = set()
    for _ in range(5):
        with world.server.connect() as connection:
            nonces.add(connection.hello()['server_nonce'])
    expect_equal(len(nonces), 5)


def auth_tells_partner_store_and_rights(world):
    rights = PAGE.rights
    till = ['enroll', 'inquiry', 'earn', 'burn', 'refund', 'reverse', 'exchange', 'value']
    for number, store, words in ((101, 11, till), (150, None, rights), (103, 11, ['inquiry'])):
        expect(world.till(number).principal, terminal=number, partner=1, store=store,
               rights=sum(rights[word] for word in words),
               frame_bytes_max=TWO_MIB if 'batch' in words else 16384)


def a_wrong_key_or_an_unknown_terminal_fails_and_closes(world):
    key = world.server.key(101)
    for terminal, generation, wrong_key in ((101, 1, bytes(32)), (101, 2, key), (999, 1, key),
                                            (102, 1, key)):
        with world.server.connect() as connection:
            connection.hello()
            expect(connection.auth_by_key(terminal, generation, wrong_key), 'AUTH_FAILED')
            connection.await_close()


def a_rotated_key_replaces_the_old_one(world):
    console = world.server.console
    console.do('terminal add 104 partner=1 store=11', 'terminal rotate 104')
    for generation, status in ((1, 'OK'), (2, 'OK'), (3, 'AUTH_FAILED')):
        _expect_auth(world, 104, generation, status)
    console.do('terminal rotate 104 end-old')
    for generation, status in ((1, 'AUTH_FAILED'), (2, 'OK')):
        _expect_auth(world, 104, generation, status)


def an_old_key_ends_by_itself_when_it_was_given_hours(world):
    console = world.server.console
    console.do('terminal add 106 partner=1 store=11', 'terminal rotate 106 2')
    for generation, status in ((1, 'OK'), (2, 'OK')):
        _expect_auth(world, 106, generation, status)
    world.step(2 * 3600000 - 1000)
    _expect_auth(world, 106, 1, 'OK')
    world.step(1000)
    for generation, status in ((1, 'AUTH_FAILED'), (2, 'OK')):
        _expect_auth(world, 106, generation, status)


def _expect_auth(world, terminal, generation, status):
    world.server.generations[terminal] = generation
    with world.server.connect() as connection:
        connection.hello()
        expect(connection.auth_by_key(terminal, generation, world.server.key(terminal)), status)


def a_server_without_the_key_is_not_trusted(world):
    """What the client does: the server's proof is for another client nonce, so is wrong."""
    with world.server.connect() as connection:
        connection.hello()
        key = world.server.key(101)
        values = (1, 101, 1, connection._client_nonce, connection.welcome['server_nonce'],
                  bytes(32))
        answer = expect(connection.call('AUTH', terminal=101, key_generation=1,
                                        proof=proof(key, PROOF_LABEL, *values)))
        expect_equal(answer['proof'], proof(key, SERVER_LABEL, *values))
    with world.server.connect() as connection:
        connection.hello()
        connection._auth = lambda **_: answer
        try:
            connection.auth_by_key(101, 1, key)
        except Distrust:
            return
        raise AssertionError('an old proof was accepted')


def a_certificate_stands_for_a_key_over_tls(world):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = world.server.authority.context(101)
        context.minimum_version = context.maximum_version = version
        with world.server.connect(context) as connection:
            connection.hello()
            expect(connection.auth_by_certificate(101), partner=1, proof=None)
            expect(connection.call('PING'))


def a_certificate_speaks_for_its_own_terminal_only(world):
    for context in (world.server.authority.context(102), world.server.authority.context()):
        with world.server.connect(context) as connection:
            connection.hello()
            expect(connection.auth_by_certificate(101), 'AUTH_FAILED')
            connection.await_close()
    with world.server.connect() as connection:
        connection.hello()
        expect(connection.auth_by_certificate(101), 'AUTH_FAILED')


def a_proof_without_the_exporter_fails_over_tls(world):
    with world.server.connect(world.server.authority.context()) as connection:
        connection.hello()
        expect(connection.auth_by_key(101, 1, world.server.key(101)), 'AUTH_FAILED')


def tls_shows_who_the_server_is(world):
    for name, context in (('localhost', ssl.create_default_context()),
                          ('other.example', world.server.authority.context())):
        try:
            Connection(HOST, world.server.tls_port, context, name).close()
        except ssl.SSLCertVerificationError:
            continue
        raise AssertionError('%s was believed' % name)


def a_blocked_terminal_loses_its_session(world):
    console = world.server.console
    console.do('terminal add 105 partner=1 store=11')
    with world.server.open(105) as connection:
        console.do('terminal change 105 blocked=yes')
        connection.await_close()
    with world.server.connect() as connection:
        connection.hello()
        expect(connection.auth_by_key(105, 1, world.server.key(105)), 'BLOCKED')


# Frames.

def packed(*values):
    return msgpack.packb(list(values))


def framed(payload):
    return struct.pack('>I', len(payload)) + payload


PING = PAGE.operation_named['PING'].number
# What a frame breaks, its payload, and whether a request id can be read in it.
MALFORMED = [
    ('not msgpack', b'\xc1', False),
    ('no array', msgpack.packb({1: 2}), False),
    ('two elements', packed(7, PING), False),
    ('four elements', packed(7, PING, {}, 1), False),
    ('request id 0', packed(0, PING, {}), False),
    ('a request id beyond 32 bits', packed(1 << 32, PING, {}), False),
    ('a request id of text', packed('7', PING, {}), False),
    ('an operation of text', packed(7, 'PING', {}), True),
    ('an operation below 0', packed(7, -1, {}), True),
    ('an operation beyond 65535', packed(7, 65536, {}), True),
    ('a body that is no map', packed(7, PING, []), True),
    ('a key of text', packed(7, PING, {'a': 1}), True),
    ('a key beyond 255', packed(7, PING, {256: 1}), True),
    ('a key below 0', packed(7, PING, {-1: 1}), True),
    ('a key twice', b'\x93\x07\x03\x82\x08\x01\x08\x01', True),
    ('a key twice, in two widths', b'\x93\x07\x03\x82\x08\x01\xcc\x08\x01', True),
    ('a floating point number', packed(7, PING, {8: 1.5}), True),
    ('a floating point number in an unknown field', packed(7, PING, {200: 1.5}), True),
    ('an extension type', packed(7, PING, {8: msgpack.ExtType(1, b'x')}), True),
    ('a map within', packed(7, PING, {8: {1: 2}}), True),
    ('a map within an unknown field', packed(7, PING, {200: {1: 2}}), True),
    ('something behind the array', packed(7, PING, {}) + b'\x00', True),
    ('an end too early', packed(7, PING, {8: 1})[:-1], True),
    ('an array longer than the frame', b'\x93\x07\x03\x81\xcc\xc8\xdd\xff\xff\xff\xff', True),
]


def malformed_frames_are_refused_and_close(world):
    for what, payload, has_id in MALFORMED:
        with world.server.open(101) as connection:
            connection._last_request_id = 7
            connection.send_payload(payload)
            try:
                if has_id:
                    expect(connection.answer(7), 'BAD_FRAME')
                else:
                    _expect_notice(connection, 'BAD_FRAME')
                connection.await_close()
            except (AssertionError, Unanswered) as error:
                raise AssertionError('%s: %s' % (what, error)) from None


def _expect_notice(connection, reason):
    notice = connection.await_notice()
    expect_equal(notice['outcome'], PAGE.status_named[reason].number)


def a_length_of_0_or_beyond_the_limit_closes(world):
    for length, reason in ((0, 'BAD_FRAME'), (16385, 'FRAME_TOO_LARGE'),
                           ((1 << 32) - 1, 'FRAME_TOO_LARGE')):
        with world.server.open(101) as connection:
            connection.send_bytes(struct.pack('>I', length))
            _expect_notice(connection, reason)
            connection.await_close()


def requests_before_a_malformed_frame_are_answered(world):
    member = world.member(points=1)
    with world.server.open(101) as connection:
        numbers = [connection.send('INQUIRY', member=member) for _ in range(10)]
        connection.send_payload(b'\xc1')
        for number in numbers:
            expect(connection.answer(number), available=1)
        _expect_notice(connection, 'BAD_FRAME')
        connection.await_close()


def frames_may_come_in_any_pieces(world):
    member = world.member(points=1)
    with world.server.open(201) as connection:
        octets = b''.join(framed(packed(number, PAGE.operation_named['INQUIRY'].number,
                                        {PAGE.field_named['MEMBER'].number: member}))
                          for number in range(100, 140))
        for i, octet in enumerate(octets):
            connection.send_bytes(bytes([octet]))
            if i % 7 == 0:
                connection._read()
        for number in range(100, 140):
            expect(connection.answer(number), available=1)


def many_requests_at_once_are_all_answered(world):
    member = world.member(points=1)
    for number in (101, 201):
        answers = world.till(number).pipeline([('INQUIRY', {'member': member})] * 3000)
        expect_equal({answer['available'] for answer in answers}, {1})


def operations_that_do_not_exist_are_refused(world):
    connection = world.till()
    for operation in (0, PAGE.operation_named['NOTICE'].number, 99, 65535):
        number = connection.new_request_id()
        connection.send_payload(packed(number, operation, {}))
        expect(connection.answer(number), 'UNKNOWN_OPERATION')


# Values.

def unknown_fields_below_64_are_refused_and_others_passed_over(world):
    earn = world.request('EARN', member=world.member(), amount=100)
    till = world.till()
    unknown = [number for number in range(64) if number not in PAGE.field_numbered]
    foreign = [field.number for field in PAGE.fields if field.number < 64
               and field.name not in PAGE.operation_named['EARN'].fields]
    for number in unknown[1:] + foreign:
        expect(earn.send(till, numbered={number: 1}), 'UNKNOWN_FIELD', field=number)
    expect(earn.send(till, numbered={number: value for number, value in zip(
        range(128, 256), [0, -1, 'text', b'bytes', True, None, [1, [2, 'x']]])}), points=1)
    expect(earn.send(till, numbered={255: 'other'}), points=1, replay=True)


WRONG = {'INT': ['5', b'5', True, [], None, -1, 1 << 63],
         'BOOL': [1, 'true', None],
         'BIN': ['sixteen bytes ..', b'', bytes(15), bytes(17), 5, None],
         'STR': [b'bytes', '', 'x' * 65, 'a\nb', 'a\x7fb', 'a\x85b', 5, None],
         'LINES': [5, [], [[]], [['item', 0, 1000]], [['item', 0, 1000, 1, 1]], [[1, 0, 1000, 1]],
                   [['item', 0, 1000, 1]] * 101]}


def wrong_values_are_refused_by_field(world):
    operation = PAGE.operation_named['EARN']
    fields = dict(world.request('EARN', member=world.member(), amount=100).fields)
    till = world.till()
    for name in sorted(operation.fields):
        field = PAGE.field_named[name]
        for value in WRONG[field.type]:
            changed = dict(fields, **{name.lower(): None})
            answer = till.call('EARN', numbered={field.number: value}, **changed)
            if (answer.status, answer.get('field')) != ('BAD_FIELD', field.number):
                raise AssertionError('%s = %r: %r' % (name, value, answer))


def text_that_is_no_utf8_is_refused(world):
    software = PAGE.field_named['SOFTWARE'].number
    for octets in (b'\xff', b'\xc0\x80', b'\xed\xa0\x80', b'\xf4\x90\x80\x80', b'a\xe2\x82'):
        connection = world.till()
        number = connection.new_request_id()
        connection.send_payload(b'\x93' + msgpack.packb(number) + bytes([PING, 0x81, software]) +
                                bytes([0xa0 + len(octets)]) + octets)
        expect(connection.answer(number), 'BAD_FIELD', field=software)


def required_fields_are_required(world):
    values = {'transaction_id': new_id(), 'business_time': world.now(), 'member': world.member(),
              'identifier_type': 1, 'identifier': world.card(), 'new_type': 1,
              'new_identifier': world.card(), 'amount': 1, 'points': 1, 'original': new_id(),
              'original_time': world.now(), 'reason': 1, 'quoted_operation': 20, 'day': 20000,
              'basis': 1, 'scope': 1}
    by_type = {'INT': 1, 'BOOL': True, 'BIN': new_id(), 'STR': 'x'}
    for operation in PAGE.operations:
        if operation.number < 10 or operation.name == 'BATCH':
            continue
        given = {name.lower(): values.get(name.lower(), by_type[PAGE.field_named[name].type])
                 for name in operation.required}
        if 'MEMBER' in operation.fields:
            given['member'] = values['member']
        for name in operation.required | ({'MEMBER'} & operation.fields):
            left = {key: value for key, value in given.items() if key != name.lower()}
            answer = world.till().call(operation.name, **left)
            if (answer.status, answer.get('field')) != ('MISSING_FIELD',
                                                        PAGE.field_named[name].number):
                raise AssertionError('%s without %s: %r' % (operation.name, name, answer))


CASES = [
    frames_of_the_page_are_as_its_words_say,
    keys_and_proofs_of_the_page_can_be_made,
    hello_tells_version_limits_and_clock,
    a_newer_client_is_told_the_version_that_is_spoken,
    nothing_goes_before_hello_and_little_before_auth,
    each_session_has_another_server_nonce,
    auth_tells_partner_store_and_rights,
    a_wrong_key_or_an_unknown_terminal_fails_and_closes,
    a_rotated_key_replaces_the_old_one,
    an_old_key_ends_by_itself_when_it_was_given_hours,
    a_server_without_the_key_is_not_trusted,
    a_certificate_stands_for_a_key_over_tls,
    a_certificate_speaks_for_its_own_terminal_only,
    a_proof_without_the_exporter_fails_over_tls,
    tls_shows_who_the_server_is,
    a_blocked_terminal_loses_its_session,
    malformed_frames_are_refused_and_close,
    a_length_of_0_or_beyond_the_limit_closes,
    requests_before_a_malformed_frame_are_answered,
    frames_may_come_in_any_pieces,
    many_requests_at_once_are_all_answered,
    operations_that_do_not_exist_are_refused,
    unknown_fields_below_64_are_refused_and_others_passed_over,
    wrong_values_are_refused_by_field,
    text_that_is_no_utf8_is_refused,
    required_fields_are_required,
]


if __name__ == '__main__':
    sys.exit(run(CASES))
