"""test_certify.py - tally-certify passes what is right, and names what is wrong.

Our own terminal over TLS, a sound client in Python with and without TLS, and that client with one
defect at a time: each must be found, in the case that is about it.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, '..'))

from tap import Tap	# pylint: disable=wrong-import-position

BUILD = os.environ.get('top_builddir') or os.path.join(HERE, '..', '..')
CERTIFY = os.path.join(BUILD, 'contrib', 'certify', 'tally-certify')
TALLY = os.path.join(BUILD, 'contrib', 'tally', 'tally')
SECONDS_MAX = 150
VENDOR = "'%s' '%s' {host} {port} " % (sys.executable, os.path.join(HERE, 'vendor.py'))
PLAIN = VENDOR + '{key} '
SECURE = VENDOR + '{ca},{cert},{cert_key} '

# Points for own currency.
EXCHANGED = ("'%s' --host {host} --port {port} --ca {ca} --terminal {terminal} --key-file {key} "
             'exchange 4900000012345 out 100 --quiet' % TALLY)

# Stored first, sent, and sent again until nothing waits.
QUEUED = ('q=$(mktemp -d) && t() { \'%s\' --host {host} --port {port} --ca {ca} --terminal '
          '{terminal} --key-file {key} --queue $q/q --timeout 20 "$@"; }; '
          't earn 4900000012345 1980 --quiet; s=$?; for i in 1 2 3 4; do t queue send; done; '
          'rm -r $q; exit $s' % TALLY)
QUEUED_CASES = ['plain', 'lost-answer', 'busy', 'busy-again', 'notice', 'declined']

# A defect, the case or rule that names it, and the cases to be played.
PLAIN_DEFECTS = [
    ('new-id', 'lost-answer', ['lost-answer']),
    ('new-id', 'cut-answer', ['cut-answer']),
    ('gives-up', 'lost-request', ['lost-request']),
    ('gives-up', 'no-answer', ['no-answer']),
    ('new-time', 'content', ['lost-answer']),
    ('no-repeat', 'repeat', ['lost-answer']),
    ('impatient', 'busy', ['busy']),
    ('impatient', 'busy-again', ['busy-again']),
    ('ignores-notice', 'notice', ['notice']),
    ('no-pause', 'reconnecting', ['reconnecting']),
    ('no-chance', 'reconnecting', ['reconnecting']),
    ('insists', 'declined', ['declined']),
    ('no-status', 'unknown-status', ['plain', 'unknown-status']),
    ('strict', 'new-fields', ['plain', 'new-fields']),
    ('narrow', 'new-fields', ['plain', 'new-fields']),
    ('takes-any-answer', 'unasked-answer', ['plain', 'unasked-answer']),
    ('once-more', 'plain', ['plain']),
    ('trusts-any-proof', 'server-proof', ['server-proof']),
    ('same-nonce', 'nonce', ['plain', 'wide-integers']),
    ('hurries', 'opening', ['plain']),
    ('clock-ahead', 'time', ['plain']),
    ('not-late', 'time', ['plain']),
    ('burns-late', 'online', ['plain']),
    ('bad-field', 'frames', ['plain']),
]
SECURE_DEFECTS = [
    ('trusts-anybody', 'strange-certificate', ['strange-certificate']),
    ('trusts-any-name', 'other-name', ['other-name']),
]


def certify(command, *options):
    """Exit status, and the report's cases by name."""
    with tempfile.TemporaryDirectory(prefix='tg-certify-') as folder:
        path = os.path.join(folder, 'report.json')
        run = subprocess.run([CERTIFY, '--run', command, '--json', path, *options],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             timeout=SECONDS_MAX, check=False)
        if not os.path.exists(path):
            raise AssertionError(run.stdout.decode('utf-8', 'replace'))
        with open(path, encoding='utf-8') as file:
            report = json.load(file)
    return run.returncode, {case['name']: case for case in report['cases']}


def verdicts(cases, verdict):
    return sorted(name for name, case in cases.items() if case['verdict'] == verdict)


def seen(cases):
    return ['%s: %s' % (name, case['seen']) for name, case in cases.items() if case['seen']]


def expect_sound(tap, name, command, not_exercised, *options):
    """Nothing fails, and only this is not exercised."""
    code, cases = certify(command, *options)
    complaints = []
    if code or verdicts(cases, 'failed') or \
            verdicts(cases, 'not exercised') != sorted(not_exercised):
        complaints = ['exit status %d' % code] + seen(cases)
    tap.result(name, complaints)


def expect_found(tap, defect, case, command, *options):
    code, cases = certify(command + defect, '--seconds', '30', *options)
    complaints = []
    if code != 1 or cases[case]['verdict'] != 'failed' or not cases[case]['seen']:
        complaints = ['exit status %d; %s is %s' % (code, case, cases[case]['verdict'])]
        complaints += seen(cases)
    tap.result('%s: found by %s' % (defect, case), complaints)


def check_report(tap):
    """The wire's bytes are in the report, in hex and in words, and no key."""
    _, cases = certify(PLAIN, '--plain', '--case', 'plain')
    lines = cases['plain']['wire']
    earns = [line for line in lines if line['text'].startswith('EARN #3 {')]
    complaints = []
    if len(earns) != 1 or 'AMOUNT=1980' not in earns[0]['text'] or earns[0]['by'] != 'terminal' \
            or not bytes.fromhex(earns[0]['payload']).startswith(b'\x93\x03\x14'):
        complaints.append(lines)
    if any('PROOF=' in line['text'] and '(not shown)' not in line['text'] for line in lines):
        complaints.append('a PROOF is shown')
    tap.result('the report has what went over the wire', complaints)


def check_by_hand(tap):
    """Without --run a case waits for a transaction; the report on standard output is JSON alone."""
    with tempfile.TemporaryDirectory(prefix='tg-certify-') as folder:
        command = [CERTIFY, '--plain', '--folder', folder, '--case', 'plain', '--case',
                   'lost-answer', '--json', '-']
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as harness:
            port = re.search(rb'127.0.0.1:(\d+)', harness.stderr.readline()).group(1).decode()
            for case in b'plain', b'lost-answer':
                while not harness.stderr.readline().startswith(case + b': send'):
                    pass
                subprocess.run([sys.executable, os.path.join(HERE, 'vendor.py'), '127.0.0.1',
                                port, os.path.join(folder, 'key')], timeout=SECONDS_MAX,
                               check=False)
            output, complaints = harness.communicate(timeout=SECONDS_MAX)
        cases = {case['name']: case for case in json.loads(output)['cases']}
        is_right = harness.returncode == 0 and cases['lost-answer']['verdict'] == 'passed' and \
            sorted(os.listdir(folder)) == ['ca.pem', 'key', 'terminal.key', 'terminal.pem']
    tap.result('a terminal can be worked by hand',
               [] if is_right else [seen(cases), complaints.decode()])


def check_use(tap):
    """Exit status by what was wrong with the command line, or where nothing happened."""
    complaints = []
    for words, code in ((['--help'], 0), (['--list'], 0), (['--version'], 0), (['--case', 'x'], 2),
                        (['--frob'], 2), (['more'], 2), (['--seconds', '0'], 2), (['--port'], 2),
                        (['--folder', '/nowhere/at/all'], 2),
                        (['--plain', '--run', 'true', '--case', 'plain'], 3)):
        run = subprocess.run([CERTIFY, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             timeout=SECONDS_MAX, check=False)
        if run.returncode != code:
            complaints.append('%s: %d\n%s' % (words, run.returncode, run.stdout.decode()))
    tap.result('the exit status tells what came of it', complaints)


def main():
    tap = Tap()
    only = sys.argv[1:]
    if not only:
        check_use(tap)
        check_report(tap)
        check_by_hand(tap)
        expect_sound(tap, 'our own terminal is right over TLS',
                     "'%s' --host {host} --port {port} --ca {ca} --terminal {terminal} --key-file "
                     "{key} --generation {generation} earn 4900000012345 1980 --quiet" % TALLY, [])
        expect_sound(tap, 'its queue is right where it takes part', QUEUED, [],
                     *[word for name in QUEUED_CASES for word in ('--case', name)])
        expect_sound(tap, 'it exchanges as soundly as it earns', EXCHANGED, [],
                     *[word for name in QUEUED_CASES[:3] for word in ('--case', name)])
        expect_sound(tap, 'a sound client is right without TLS', PLAIN,
                     ['strange-certificate', 'other-name'], '--plain')
        expect_sound(tap, 'a sound client is right by certificate', SECURE, ['server-proof'])
    for defects, command, mode in ((PLAIN_DEFECTS, PLAIN, ['--plain']),
                                   (SECURE_DEFECTS, SECURE, [])):
        for defect, case, played in defects:
            if not only or defect in only:
                expect_found(tap, defect, case, command, *mode,
                             *[word for name in played for word in ('--case', name)])
    return tap.end()


if __name__ == '__main__':
    sys.exit(main())
