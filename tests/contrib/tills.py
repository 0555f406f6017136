"""tills.py - the tills of contrib/examples: how each is run, and what it says of its day."""
import os
import shutil
import subprocess
import sys

SOURCE = os.environ.get('top_srcdir') or os.path.join(os.path.dirname(__file__), '..', '..')
BUILD = os.environ.get('top_builddir') or SOURCE
EXAMPLES = os.path.join(SOURCE, 'contrib', 'examples')
SECONDS_MAX = 60

SAID = ['ENROLL OK available=0', 'EARN OK available=19', 'EARN OK available=19 replay',
        'BURN OK available=10', 'REVERSE OK available=19', 'INQUIRY OK available=19']

NODE = shutil.which('node') or shutil.which('nodejs') or 'node'
PYTHON_PACKAGES = 'import msgpack, OpenSSL, service_identity.pyopenssl'
NODE_PACKAGES = "require('msgpackr'); process.exit(parseInt(process.versions.node) < 16 ? 1 : 0)"


def does(*command):
    """Is the program there, and does it end well, in time?"""
    try:
        return shutil.which(command[0]) is not None and subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL, timeout=SECONDS_MAX, check=False).returncode == 0
    except subprocess.TimeoutExpired:	# npm, where there is no network
        return False


def get_node_packages(folder):
    """Install what package.json names into a folder of the test's, unless node has it."""
    if not does(NODE, '-e', NODE_PACKAGES):
        shutil.copy(os.path.join(EXAMPLES, 'package.json'), folder)
        os.environ['NODE_PATH'] = os.path.join(folder, 'node_modules')
        does('npm', 'install', '--no-audit', '--no-fund', '--omit=optional', '--prefix', folder)


# Language, what runs the till, what shows that it can be run.
TILLS = [
    ('C', [os.path.join(BUILD, 'contrib', 'examples', 'terminal')], ['true']),
    ('Python', [sys.executable, os.path.join(EXAMPLES, 'terminal.py')],
     [sys.executable, '-c', PYTHON_PACKAGES]),
    ('JavaScript', [NODE, os.path.join(EXAMPLES, 'terminal.js')], [NODE, '-e', NODE_PACKAGES]),
]


def run(command, port, ca_file, terminal, key_file, card, **more):
    """A till's day: exit code, and lines of output and of complaint."""
    done = subprocess.run(
        [*command, 'localhost:%s' % port, ca_file, str(terminal), key_file, card],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        timeout=SECONDS_MAX, check=False, **more)
    return (done.returncode, done.stdout.decode('utf-8').splitlines(),
            done.stderr.decode('utf-8').splitlines())
