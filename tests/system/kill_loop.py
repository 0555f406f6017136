"""kill_loop.py - kill -9 a loaded gateway again and again, and prove that nothing was lost.

    kill_loop.py [KILLS]        (5; a full run is 200)

Starts tallygated on temporary data and tally-load against it, with a fifth of the transactions sent
twice, connections cut and lost requests left unknown.  Kills the gateway at random moments, under
load and during recovery, and starts it again on the same data; then as often with nobody there, who
only snapshots, the clock and starts themselves write for.  In the end tally-load --verify must find
every account as the log of requests and answers says, before and after the idle kills, and
tally-journal verify must find the journal sound.  Prints TAP; a run can be told its seed by
KILL_LOOP_SEED.
"""
import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = os.environ.get('top_srcdir') or os.path.join(os.path.dirname(__file__), '..', '..')
BUILD = os.path.abspath(os.environ.get('top_builddir') or SOURCE)
sys.path[1:1] = [os.path.join(SOURCE, 'tests')]

# pylint: disable=wrong-import-position
from server import free_port
from tap import Tap
# pylint: enable=wrong-import-position

KILLS = 5
PARTNERS, STORES, TERMINALS = 3, 6, 24
READY_SECONDS_MAX = 60
LOG_BYTES_MIN = 20000
RUN_SECONDS = (0.05, 0.7)               # a gateway that is ready lives for so long
RECOVERY_SHARE = 0.2                    # of the gateways are killed before they are ready
IDLE_SECONDS = (0, 0.4)                 # so long lives one that nobody asks
IDLE_RECOVERY_SHARE = 0.5
CONNECTIONS, MEMBERS = 40, 400
MIX = ('enroll=1,inquiry=15,quote=4,earn=50,burn=15,capture=5,release=3,refund=3,reverse=3,'
       'status=2,exchange=8')

CONFIG = '''
listen: {{ tls = []; plain = [ "127.0.0.1:{port}" ]; }};
keys: {{ master_file = "{home}/master"; identifier_file = "{home}/identifier"; }};
data: {{ directory = "{home}/data"; snapshot_ms = 700; }};
journal: {{ segment_bytes = 8388608; }};
programme: {{ declines_per_terminal_day = 1000000; }};
sink: {{ enabled = false; }};
console: {{ socket = "{home}/console.sock"; }};
'''


def write_table(path, names, rows):
    with open(path, 'w', newline='', encoding='ascii') as file:
        csv.writer(file).writerows([names] + rows)


class Gateway:
    """A tallygated on a directory of its own, killed and started again."""

    def __init__(self, home):
        self.home = home
        self.port = free_port()
        self.process = None
        self.log = os.path.join(home, 'gateway.log')
        for name in ('master', 'identifier'):
            key = os.open(os.path.join(home, name), os.O_WRONLY | os.O_CREAT, 0o600)
            os.write(key, os.urandom(32))
            os.close(key)
        os.mkdir(os.path.join(home, 'data'))
        with open(os.path.join(home, 'gateway.conf'), 'w', encoding='ascii') as file:
            file.write(CONFIG.format(home=home, port=self.port))

    def start(self):
        with open(self.log, 'ab') as log:
            self.ready_from = log.tell()
            self.process = subprocess.Popen(
                [os.path.join(BUILD, 'gateway/tallygated'), '--config',
                 os.path.join(self.home, 'gateway.conf')],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def await_ready(self):
        """Wait for the line in the log.  Raises when it ends or takes too long."""
        end = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < end:
            with open(self.log, 'rb') as log:
                log.seek(self.ready_from)
                if b'event=ready' in log.read():
                    return
            if self.process.poll() is not None:
                raise RuntimeError('the gateway ended with %d' % self.process.returncode)
            time.sleep(0.005)
        raise RuntimeError('the gateway was not ready in %d s' % READY_SECONDS_MAX)

    def end(self, number):
        """Send a signal and wait; the exit status."""
        if self.process is None:
            return None
        self.process.send_signal(number)
        status = self.process.wait(60)
        self.process = None
        return status

    def console(self, *words):
        subprocess.run([os.path.join(BUILD, 'admin/tally-console'), '-s',
                        os.path.join(self.home, 'console.sock')] + list(words),
                       stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=60, check=True)

    def add_programme(self):
        def path(name):
            return os.path.join(self.home, name + '.csv')

        def partner_of(store):
            return (store - 1) % PARTNERS + 1

        write_table(path('partners'), ['number', 'name'],
                    [[number, 'partner %d' % number] for number in range(1, PARTNERS + 1)])
        write_table(path('rules'), ['partner', 'base'],
                    [[number, '1/100'] for number in range(1, PARTNERS + 1)])
        write_table(path('stores'), ['number', 'partner'],
                    [[number, partner_of(number)] for number in range(1, STORES + 1)])
        stores = [number % STORES + 1 for number in range(TERMINALS)]
        write_table(path('terminals'), ['number', 'partner', 'store', 'rights'],
                    [[101 + number, partner_of(store), store, 'all']
                     for number, store in enumerate(stores)])
        for noun in ('partners', 'rules', 'stores', 'terminals'):
            self.console('import', noun, path(noun))
        with open(path('programme'), 'w', encoding='ascii') as file:
            file.write('exchanges = ( %s );\n' % ', '.join(
                '{ partner = %d; direction = "%s"; rate = "%s"; }' % (number, direction, rate)
                for number in range(1, PARTNERS + 1)
                for direction, rate in (('in', '1/70'), ('out', '3/2'))))
        self.console('programme', 'load', path('programme'))

    def client(self, *more):
        """The command line of tally-load for this gateway."""
        return [os.path.join(BUILD, 'contrib/load/tally-load'), '--plain', '--port',
                str(self.port), '--terminals', os.path.join(self.home, 'terminals.csv'),
                '--master-key', os.path.join(self.home, 'master'), '--quiet', '--json',
                '--connections', str(CONNECTIONS)] + list(more)


def start_load(gateway, seed):
    return subprocess.Popen(
        gateway.client('--members', str(MEMBERS), '--depth', '2', '--seconds', '1000000',
                       '--mix', MIX, '--duplicates', '20', '--drops', '0.1', '--abandon', '10',
                       '--reconnect-ms', '20', '--timeout-ms', '5000', '--seed', str(seed),
                       '--log', os.path.join(gateway.home, 'load.log')),
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)


def await_log(gateway, load):
    """Until something was answered."""
    path, end = os.path.join(gateway.home, 'load.log'), time.monotonic() + READY_SECONDS_MAX
    while load.poll() is None and time.monotonic() < end and not (
            os.path.exists(path) and os.path.getsize(path) > LOG_BYTES_MIN):
        time.sleep(0.01)


def kill_again_and_again(gateway, kills, draw, recovery_share, run_seconds):
    """Kill and start; how many starts died before they were ready."""
    early = 0
    for _ in range(kills):
        if draw.random() < recovery_share:
            early += 1
            time.sleep(draw.uniform(0, 0.1))
        else:
            gateway.await_ready()
            time.sleep(draw.uniform(*run_seconds))
        gateway.end(signal.SIGKILL)
        gateway.start()
    gateway.await_ready()
    return early


def prove(gateway):
    """What --verify says; complaints."""
    run = subprocess.run(gateway.client('--verify', os.path.join(gateway.home, 'load.log')),
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600, check=False)
    try:
        found = json.loads(run.stdout)
    except ValueError:
        found = {'difference_texts': [run.stderr.decode('utf-8', 'replace')]}
    complaints = [] if run.returncode == 0 else (
        ['tally-load --verify ends with %d' % run.returncode] + found['difference_texts'])
    return found, complaints


def run_loop(tap, home, kills, seed):
    gateway = Gateway(home)
    draw = random.Random(seed)
    load = None
    try:
        gateway.start()
        gateway.await_ready()
        gateway.add_programme()
        load = start_load(gateway, seed)
        await_log(gateway, load)
        early = kill_again_and_again(gateway, kills, draw, RECOVERY_SHARE, RUN_SECONDS)
        time.sleep(0.5)
        load.send_signal(signal.SIGTERM)
        output = load.communicate(timeout=120)[0]
        sums = json.loads(output) if output else {}
        tap.result('a load is carried on over %d kills, %d of them during recovery' %
                   (kills, early),
                   [] if load.returncode == 0 and sums.get('answered', 0) > 0 else
                   ['tally-load ends with %s' % load.returncode, output.decode('utf-8')])
        print('# answered %s, retried %s, lost %s, unknown %s' % tuple(
            sums.get(name) for name in ('answered', 'retried', 'lost', 'unknown')))
        found, complaints = prove(gateway)
        print('# transactions %s, acknowledged %s, unknown %s (%s done)' % tuple(
            found.get(name) for name in ('transactions', 'acknowledged', 'unknown',
                                         'unknown_done')))
        tap.result('nothing acknowledged is lost, and nothing is done twice', complaints)
        early = kill_again_and_again(gateway, kills, draw, IDLE_RECOVERY_SHARE, IDLE_SECONDS)
        tap.result('%d kills with nobody there, %d of them during recovery, change nothing' %
                   (kills, early), prove(gateway)[1])
        status = gateway.end(signal.SIGTERM)
        tap.result('the gateway ends in order', [] if status == 0 else ['it ends with %d' % status])
        journal = subprocess.run([os.path.join(BUILD, 'storage/tally-journal'), '--data',
                                  os.path.join(home, 'data'), 'verify'], stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, timeout=600, check=False)
        tap.result('the journal is sound, its states equal after replay',
                   [] if journal.returncode == 0 else [journal.stdout.decode('utf-8', 'replace')])
    finally:
        for process in (load, gateway.process):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()


def main(arguments):
    tap = Tap()
    kills = int(arguments[0]) if arguments else KILLS
    seed = int(os.environ.get('KILL_LOOP_SEED') or random.SystemRandom().randrange(1, 2 ** 31))
    home = tempfile.mkdtemp(prefix='kill_loop.')
    print('# seed %d' % seed)
    try:
        run_loop(tap, home, kills, seed)
    except (RuntimeError, subprocess.SubprocessError) as error:
        with open(os.path.join(home, 'gateway.log'), encoding='utf-8', errors='replace') as log:
            last = ''.join(log.readlines()[-20:])
        tap.result('the loop comes to its end', [str(error), last])
    status = tap.end()
    if status == 0:
        shutil.rmtree(home)
    else:
        print('# files are left in ' + home)
    return status


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
