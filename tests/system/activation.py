"""activation.py - a new till gets its key for a one-time code, and nobody else does.

Over TLS, with a client that knows protocol/PROTOCOL.md only and with the command tally; over a
restart, a snapshot and kill -9 between the making of a code and its use.
"""
import os
import re
import signal
import stat
import subprocess
import sys

from server import BUILD, HOST, SECONDS_MAX, Database, Failed, await_true
from tallygate import Unanswered, new_id
from world import Tap, World, expect, expect_equal, expect_rows, run_case, title

HOUR_MS = 3600000
CODE = re.compile(r'\b([0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4})\b')
FAILURES_MAX = 5
NUMBER = 104


def code_in(reply):
    """The one code that the console has printed."""
    codes = CODE.findall('\n'.join(reply))
    if len(codes) != 1:
        raise Failed('codes: %r in\n%s' % (codes, '\n'.join(reply)))
    return codes[0]


def add(world, number=NUMBER, hours=24, more=''):
    """A new terminal with a code."""
    return code_in(world.server.console.do(
        'terminal add %d partner=1 store=11 %s code=%d' % (number, more, hours)))


def greet(world):
    """A connection without any certificate, after HELLO."""
    connection = world.server.connect(world.server.authority.context())
    expect(connection.hello())
    return connection


def activate(world, code, nonce, number=NUMBER):
    """The answer to ACTIVATE on a connection of its own."""
    with greet(world) as connection:
        return connection.call('ACTIVATE', terminal=number, activation_code=code,
                               activation_nonce=nonce)


def expect_key(world, answer, number=NUMBER, generation=1, **more):
    """It is the terminal's key, and opens a session."""
    world.server.generations[number] = generation
    expect(answer, terminal=number, key_generation=generation, key=world.server.key(number),
           partner=1, store=11, instance='test', **more)
    world.server.open(number).close()


def expect_refused(answer, message=None):
    expect(answer, 'AUTH_FAILED', message=message, key=None)


def a_code_gives_the_key_and_then_it_is_dead(world):
    code = add(world)
    expect_key(world, activate(world, code, new_id()), replay=None)
    expect_refused(activate(world, code, new_id()),
                   'the code has been used, or the key was changed')


def what_is_between_the_signs_does_not_matter(world):
    code = add(world).replace('-', ' ').lower().replace('0', 'o').replace('1', 'l')
    expect_key(world, activate(world, code + ' ', new_id()))


def the_same_till_may_ask_again_as_long_as_the_code_lives(world):
    """Its answer may have been lost."""
    code, nonce = add(world), new_id()
    expect_key(world, activate(world, code, nonce))
    for _ in range(2):
        expect_key(world, activate(world, code, nonce), replay=True)
    world.step(24 * HOUR_MS)
    expect_refused(activate(world, code, nonce), 'the code has expired')


def a_cut_before_the_answer_locks_nobody_out(world):
    code, nonce = add(world), new_id()
    with greet(world) as connection:
        connection.send('ACTIVATE', terminal=NUMBER, activation_code=code, activation_nonce=nonce)
    await_true(lambda: 'event=activated' in world.server.process.log(), 'the code is used')
    expect_key(world, activate(world, code, nonce), replay=True)


def a_wrong_code_is_told_nothing_ends_the_connection_and_counts(world):
    code = add(world)
    for number, wrong in ((NUMBER, '0000-0000-0000'), (NUMBER, code[:-1]), (NUMBER, '-'),
                          (999, code)):
        with greet(world) as connection:
            answer = connection.call('ACTIVATE', terminal=number, activation_code=wrong,
                                     activation_nonce=new_id())
            expect_refused(answer)
            connection.await_close()
    stats = world.server.console.do('show stats')
    expect_equal(stats.figure('activations failed'), 4)
    expect_equal(stats.figure('activations'), 0)
    expect_key(world, activate(world, code, new_id()))


def who_guesses_is_slowed_down(world):
    code = add(world)
    answers = [activate(world, '0000-0000-0000', new_id()).status
               for _ in range(FAILURES_MAX + 2)]
    expect_equal(answers, ['AUTH_FAILED'] * FAILURES_MAX + ['BUSY'] * 2)
    expect(activate(world, code, new_id()), 'BUSY')


def without_tls_and_out_of_turn_there_is_no_key(world):
    fields = {'terminal': NUMBER, 'activation_code': add(world), 'activation_nonce': new_id()}
    with world.server.connect() as plain:
        expect(plain.call('ACTIVATE', **fields), 'AUTH_REQUIRED')
        plain.hello()
        expect(plain.call('ACTIVATE', **fields), 'FORBIDDEN', key=None)
        expect(plain.call('PING'))
    expect(world.till(101).call('ACTIVATE', **fields), 'OUT_OF_TURN', key=None)
    expect_key(world, activate(world, fields['activation_code'], new_id()))


def an_expired_or_ended_code_gives_nothing(world):
    code = add(world, hours=1)
    world.step(HOUR_MS - 1000)
    show = '\n'.join(world.server.console.do('terminal show %d' % NUMBER))
    expect_equal(re.search(r'^open\b', show, re.M) is not None, True)
    world.step(1000)
    expect_refused(activate(world, code, new_id()), 'the code has expired')
    second = code_in(world.server.console.do('terminal code %d 2' % NUMBER))
    expect_refused(activate(world, code, new_id()))	# the newer has taken its place
    world.server.console.do('terminal code %d end' % NUMBER)
    expect_refused(activate(world, second, new_id()))


def a_blocked_terminal_gets_no_key(world):
    code = add(world, more='blocked=yes')
    expect(activate(world, code, new_id()), 'BLOCKED', key=None)
    world.server.console.do('terminal change %d blocked=no' % NUMBER)
    expect_key(world, activate(world, code, new_id()))


def a_replaced_till_ends_the_old_one(world):
    """The old key is good until the new till has its own."""
    expect_key(world, activate(world, add(world), new_id()))
    old = world.server.open(NUMBER)
    code = code_in(world.server.console.do('terminal code %d' % NUMBER))
    expect(old.call('PING'))
    answer = activate(world, code, new_id())
    expect(old.await_notice(), outcome=21)	# AUTH_FAILED
    old.await_close()
    try:
        world.server.open(NUMBER).close()
        raise AssertionError('the old key still opens a session')
    except Failed as error:
        expect_equal('AUTH_FAILED' in str(error), True)
    expect_key(world, answer, generation=2)


def a_key_changed_by_other_means_ends_the_code(world):
    code = add(world)
    world.server.console.do('terminal rotate %d' % NUMBER)
    expect_refused(activate(world, code, new_id()),
                   'the code has been used, or the key was changed')


def code_and_use_outlive_every_kind_of_end(world):
    server = world.server
    codes = {number: add(world, number) for number in (104, 105, 106, 107)}
    nonces = {number: new_id() for number in codes}

    def ask(number, **more):
        expect_key(world, activate(world, codes[number], nonces[number], number), number, **more)

    server.kill()
    server.start()
    ask(104)
    expect_equal(server.stop(), 0)
    server.start()
    ask(104, replay=True)
    ask(105)
    server.kill()
    server.start()
    ask(105, replay=True)
    server.console.do('snapshot')
    ask(106)
    server.kill()
    server.start()
    for number in 104, 105, 106:
        ask(number, replay=True)
        expect_refused(activate(world, codes[number], new_id(), number),
                       'the code has been used, or the key was changed')
    ask(107)
    expect_equal(server.stop(), 0)
    expect_equal(server.verify_journal(), [])
    server.start()


def killed_while_codes_are_used_no_till_is_locked_out(world):
    """kill -9 at any moment: the same nonce gets the key, however often it is asked for."""
    server = world.server
    for number in range(110, 122):
        code, nonce = add(world, number), new_id()
        with greet(world) as connection:
            request = connection.send('ACTIVATE', terminal=number, activation_code=code,
                                      activation_nonce=nonce)
            if number % 3 == 0:
                try:
                    connection.answer(request, 5)
                except Unanswered:
                    pass
            elif number % 3 == 1:
                server.process.signal(signal.SIGSTOP)
            server.kill()
        server.start()
        expect_key(world, activate(world, code, nonce, number), number)
        expect_refused(activate(world, code, new_id(), number),
                       'the code has been used, or the key was changed')


def nobody_can_read_the_code_and_everybody_who_made_it(world):
    code, nonce = add(world), new_id()
    key = activate(world, code, nonce)['key']
    last = world.server.console.do('show journal').figure('durable sequence')
    world.server.console.do('snapshot')
    plain = code.replace('-', '')
    for folder, _, names in os.walk(world.server.folder.path):
        for name in names:
            path = os.path.join(folder, name)
            if not stat.S_ISREG(os.lstat(path).st_mode):
                continue
            with open(path, 'rb') as file:
                octets = file.read()
            for secret in (code.encode(), plain.encode(), key, key.hex().encode()):
                if secret in octets:
                    raise AssertionError('%s has the code or the key' % path)
    made, used = ('\n'.join(world.server.console.do('record %d' % sequence))
                  for sequence in (last - 1, last))
    if not re.search(r'operator +root', made) or not re.search(r'one-time code +made', made):
        raise AssertionError(made)
    if 'operator' in used or not re.search(r'one-time code +used', used):
        raise AssertionError(used)


def tally(world, *words, code=0, said=''):
    """Run the command; what it printed.  said: on its standard input."""
    run = subprocess.run(
        [os.path.join(BUILD, 'contrib', 'tally', 'tally'), *words], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, input=said.encode(), timeout=SECONDS_MAX, check=False,
        env={**os.environ, 'HOME': world.server.folder.path})
    if run.returncode != code:
        raise AssertionError('%d: %s' % (run.returncode, run.stdout.decode()))
    return run.stdout.decode()


def the_command_makes_settings_that_need_no_more_words(world):
    file = world.server.folder.file
    code = add(world)
    place = ['--host', HOST, '--port', str(world.server.tls_port), '--ca', file('ca.pem'),
             '--terminal', str(NUMBER)]
    told = tally(world, 'activate', *place, code=3, said='0000-0000-0000\n')
    expect_equal('AUTH_FAILED' in told, True)
    expect_equal([name for name in os.listdir(world.server.folder.path)
                  if name.startswith('.tally')], [])
    nonce = new_id()		# an earlier try, of which only the nonce was stored
    expect_key(world, activate(world, code, nonce))
    world.server.folder.write('.tally.nonce', nonce)
    told = tally(world, 'activate', *place, said=code)
    expect_equal('terminal %d of partner 1 activated' % NUMBER in told, True)
    for name in '.tally', '.tally.key':
        expect_equal(stat.S_IMODE(os.stat(file(name)).st_mode), 0o600)
    expect_equal(os.path.exists(file('.tally.nonce')), False)
    tally(world, 'ping')
    tally(world, 'enroll', '4900000012345')
    expect_equal('is there already' in tally(world, 'activate', *place, code=2,
                                                   said=code), True)
    other = file('other "till"')
    expect_equal('has been used' in tally(world, 'activate', *place, '--write', other, code=3,
                                          said=code + '\r\n'), True)
    code = code_in(world.server.console.do('terminal code %d' % NUMBER))
    for words, said in ((['activate'], ''), (['activate'], '\n'), (['activate', '/nowhere'], code),
                        (['activate', file('ca.pem'), code], code)):
        tally(world, *words, *place, '--write', other, code=2, said=said)
    path = world.server.folder.write('code', code.encode() + b'\nmore\n')
    tally(world, 'activate', path, *place, '--write', other)
    expect_equal('AUTH_FAILED' in tally(world, 'ping', code=6), True)
    tally(world, 'ping', '--config', other)


def mariadb_has_the_records_and_no_secret(world):
    code = add(world)
    expect_key(world, activate(world, code, new_id()))
    world.server.console.do('terminal code %d' % NUMBER)
    expect_rows(world)
    expect_equal(world.database.query(
        'SELECT key_generation, key_generation_old FROM terminal WHERE terminal = %d' % NUMBER),
                 [['1', 'NULL']])


CASES = [a_code_gives_the_key_and_then_it_is_dead,
         what_is_between_the_signs_does_not_matter,
         the_same_till_may_ask_again_as_long_as_the_code_lives,
         a_cut_before_the_answer_locks_nobody_out,
         a_wrong_code_is_told_nothing_ends_the_connection_and_counts,
         who_guesses_is_slowed_down,
         without_tls_and_out_of_turn_there_is_no_key,
         an_expired_or_ended_code_gives_nothing,
         a_blocked_terminal_gets_no_key,
         a_replaced_till_ends_the_old_one,
         a_key_changed_by_other_means_ends_the_code,
         code_and_use_outlive_every_kind_of_end,
         killed_while_codes_are_used_no_till_is_locked_out,
         nobody_can_read_the_code_and_everybody_who_made_it,
         the_command_makes_settings_that_need_no_more_words]


def make_world(**options):
    return World(settings={'limits': {'auth_failures': FAILURES_MAX}}, **options)


def main():
    tap = Tap()
    for case in CASES:
        if len(sys.argv) < 2 or case.__name__ in sys.argv[1:]:
            run_case(tap, case, make_world)
    if Database.missing():
        tap.skip(title(mariadb_has_the_records_and_no_secret), Database.missing())
    elif len(sys.argv) < 2:
        database = Database()
        try:
            database.start()
            run_case(tap, mariadb_has_the_records_and_no_secret,
                     lambda: make_world(database=database))
        finally:
            database.close()
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
