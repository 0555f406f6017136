"""proof.py - the end of a day from the side of a till, written from protocol/PROTOCOL.md alone."""
import hashlib
import struct

from tallygate import PAGE
from world import expect

BUSINESS_DATE, TILL_DAY = 1, 2
TERMINAL, STORE, PARTNER = 1, 2, 3
AGREED, OUT_OF_BALANCE, NOTHING = 1, 2, 3
HOURS, PARTS = 1, 2
OUT = 2		# DIRECTION of an exchange
PAGE_ROWS = 90
LABEL = b'tallygate day item v1'
LINK_LABEL = b'tallygate day link v1'


def place(transaction):
    return hashlib.sha256(transaction).digest()[:8]


class Item:
    """A transaction that ended with OK or ORIGINAL_UNKNOWN."""

    def __init__(self, request, answer):
        fields = request.fields
        self.id, self.time = request.id, request.time
        self.kind = PAGE.operation_named[request.operation].number
        self.amount = fields.get('amount', 0)
        self.points = answer.get('points', 0)
        if request.operation in ('REFUND', 'REVERSE'):
            self.points = answer.get('restored_points', 0) - answer.get('taken_points', 0)
        elif answer.get('direction') == OUT:
            self.points = -self.points

    @property
    def hour(self):
        return self.time // 3600000 % 24

    def digest(self):
        octets = LABEL + self.id + struct.pack('>Bqqq', self.kind, self.time, self.points,
                                               self.amount)
        return int.from_bytes(hashlib.sha256(octets).digest()[:16], 'big')

    def figures(self):
        return self.kind, self.time, self.points, self.amount


def digest_of(items):
    return (sum(item.digest() for item in items) % (1 << 128)).to_bytes(16, 'big')


def chain(before, scope, owner, basis, day, digest):
    """The link that a signed digest adds."""
    octets = (LINK_LABEL + before + struct.pack('>BIBI', scope, owner, basis, day) + digest)
    return hashlib.sha256(octets).digest()[:16]


def totals_of(items):
    """CLAIMED."""
    sums = {}
    for item in items:
        count, points, amount = sums.get(item.kind, (0, 0, 0))
        sums[item.kind] = (count + 1, points + item.points, amount + item.amount)
    return [[kind, False, *figures] for kind, figures in sorted(sums.items())]


class Proof:
    """One comparison.  differences: (id, what the till has, what the gateway has)."""

    def __init__(self, session, items, **day):
        """day: day, basis, scope, and for whom a partner's system asks."""
        self.session, self.items, self.day = session, items, day
        self.questions = 0
        self.differences = []

    def _ask(self, operation, **fields):
        self.questions += 1
        return expect(self.session.call(operation, **self.day, **fields))

    def totals(self):
        """The answer to DAY_END."""
        return self._ask('DAY_END', claimed=totals_of(self.items))

    def sign(self):
        """The answer to COUNTERSIGN, whatever it is."""
        return self.session.call('COUNTERSIGN', digest=digest_of(self.items), **self.day)

    def find(self):
        """Differences; empty when there are none."""
        self.differences = []
        answer = self._ask('BUCKETS', divide=HOURS)
        self._compare(self.items, answer, lambda item: (item.hour, item.kind),
                      lambda row: (row['hour'], row['kind']),
                      lambda key: {'of_hour': key[0], 'of_kind': key[1]})
        return sorted(self.differences, key=lambda difference: difference[0])

    def _compare(self, items, answer, key_of, key_told, selection):
        told = {key_told(row): row for row in answer.get('buckets', [])}
        own = {}
        for item in items:
            own.setdefault(key_of(item), []).append(item)
        for key in sorted(own.keys() | told.keys()):
            mine, theirs = own.get(key, []), told.get(key)
            if theirs and (theirs['count'], theirs['digest']) == (len(mine), digest_of(mine)):
                continue
            self._differ(mine, theirs, selection(key))

    def _differ(self, mine, theirs, part):
        if not theirs:
            self.differences += [(item.id, item.figures(), None) for item in mine]
        elif max(len(mine), theirs['count']) > PAGE_ROWS:
            begin = part.get('prefix', b'')
            inner = self._ask('BUCKETS', divide=PARTS, **part)
            self._compare(mine, inner, lambda item: place(item.id)[len(begin)],
                          lambda row: row['part'],
                          lambda byte: {**part, 'prefix': begin + bytes([byte])})
        else:
            self._list({item.id: item for item in mine}, part)

    def _list(self, mine, part):
        after, has_more = 0, True
        while has_more:
            answer = self._ask('PART', after=after, **part)
            for row in answer.get('history', []):
                after = row['sequence']
                item = mine.pop(row['id'], None)
                figures = row['kind'], row['time'], row['points'], row['amount']
                if item is None or item.figures() != figures:
                    self.differences.append((row['id'], item and item.figures(), figures))
            has_more = answer.get('more', False)
        self.differences += [(key, item.figures(), None) for key, item in mine.items()]
