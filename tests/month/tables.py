"""tables.py - the tables of the worked month, and whether they add up by themselves."""
import datetime
import os
from fractions import Fraction

YEAR = 2026
DAY_0 = datetime.date(1970, 1, 1)
# Items whose amount goes by how many rows they have, not by their points.
BY_ROWS = ('transaction', 'month')
# Which column of trade.txt an item of a statement sums.
COLUMNS = {'debt': 'debt', 'debt_paid': 'back', 'restored': 'back', 'transaction': None,
           'month': None, 'correction': None, 'block': None, 'written_off': None,
           'expired': None, 'owes': None, 'due': None, 'adjusted': 'adjusted'}
# What an exchange gave or took, whichever it was; undone it counts down.
EXCHANGED = ('exchanged_in', 'exchanged_out')


def day_text(day):
    return (DAY_0 + datetime.timedelta(days=day)).isoformat()


def utc_ms(date, time):
    moment = datetime.datetime.fromisoformat('%sT%s:00+00:00' % (date, time))
    return int(moment.timestamp()) * 1000


def lines_of(folder, name):
    """Words of the lines of a table that are no comments."""
    with open(os.path.join(folder, name), encoding='utf-8') as file:
        return [line.split() for line in file if line.strip() and not line.startswith('#')]


def count_of(word):
    return 0 if word == '-' else int(word)


class Row:
    """Something that happened."""

    def __init__(self, words):
        self.number = int(words[0])
        self.date = '%d-%s' % (YEAR, words[1])
        self.utc_ms = utc_ms(self.date, words[2])
        self.till, self.what = count_of(words[3]), words[4]
        self.who = self.of = None
        self.amount = self.covered = self.points = self.back = self.debt = 0
        self.is_late, self.happened = False, None
        if self.what == 'console':
            self.command = ' '.join(words[5:])
        else:
            self._take(words[5:])

    def _take(self, words):
        self.who = None if words[0] == '-' else words[0]
        self.amount, self.covered, self.points, self.back, self.debt, self.of = map(
            count_of, words[1:7])
        self.is_late = words[7] != '-'
        if self.is_late:
            date, time = words[7].split('T')
            self.happened = utc_ms('%d-%s' % (YEAR, date), time)
        self.status = words[8]

    @property
    def adjusted(self):
        """adjust {who} points partner=..."""
        words = self.command.split()
        return int(words[2]) if words[0] == 'adjust' else 0

    @property
    def exchanged(self):
        return max(self.points, self.back)


def part_of(word):
    """A row's number, and of its points so many; None: all."""
    number, _, part = word.partition(':')
    return int(number), int(part) if part else None


def read_trade(folder):
    return [Row(words) for words in lines_of(folder, 'trade.txt')[1:]]


class Statement:
    """What a cycle must come to: head and lines as MariaDB has them."""

    def __init__(self, words):
        _, partner, _, first, _, last, _, cycle = words
        self.partner, self.cycle, self.first, self.last = int(partner), int(cycle), first, last
        self.lines, self.rows, self.prices = [], [], []
        self.opening = self.net = self.carried = None

    def add(self, words):
        date, item, other, terms, rows, points, price, amount = words
        self.rows.append([] if rows == '-' else [part_of(word) for word in rows.split('+')])
        self.prices.append(None if price == '-' else Fraction(price))
        self.lines.append((date, item, count_of(other), int(terms), max(1, len(self.rows[-1])),
                           int(points), int(amount)))

    @property
    def head(self):
        return (self.first, self.last, self.opening, self.net, self.carried,
                self.net - self.carried)

    def complaints(self, trade):
        """Prices times points are amounts, amounts sum to the net, rows have these points."""
        found = []
        for line, rows, price in zip(self.lines, self.rows, self.prices):
            date, item, _, _, records, points, amount = line
            if price is not None and int(
                    price * (records if item in BY_ROWS else points)) != amount:
                found.append('%r: %s x %s is not %d' % (line, points, price, amount))
            if not self.first <= date <= self.last and self.first != '-' or date > self.last:
                found.append('%r: not of the cycle' % (line,))
            found += self._row_complaints(line, [(trade[row], part) for row, part in rows])
        total = self.opening + sum(line[-1] for line in self.lines)
        if total != self.net:
            found.append('partner %d cycle %d: %d is not the net %d' % (
                self.partner, self.cycle, total, self.net))
        return found

    @staticmethod
    def _row_complaints(line, rows):
        date, item, points = line[0], line[1], line[5]
        found = ['%r: row %d is of another day' % (line, row.number) for row, _ in rows
                 if row.date != date]
        column = COLUMNS.get(item, 'points')
        if item in EXCHANGED:
            column, points = 'exchanged', abs(points)
        if column and sum(getattr(row, column) if part is None else part
                          for row, part in rows) != points:
            found.append('%r: its rows do not have these points' % (line,))
        return found

    def parts(self):
        """Of rows that partners share: row and item, points."""
        return [((row, line[1]), part) for line, rows in zip(self.lines, self.rows)
                for row, part in rows if part is not None]


class Netting:
    def __init__(self, date):
        self.date, self.balances, self.payments = date, [], []

    def complaints(self):
        """Balances sum to zero, and each is what its payments come to."""
        left = dict(self.balances)
        found = [] if sum(left.values()) == 0 else ['netting of %s: not zero' % self.date]
        for payer, payee, amount in self.payments:
            left[payer] -= amount
            left[payee] += amount
        return found + ['netting of %s: %d is left with %d' % (self.date, party, amount)
                        for party, amount in left.items() if amount]


class Shadow:
    """What tally-journal shadow must tell, as it was recorded and as it would have been."""

    def __init__(self, folder):
        self.since, self.sums, self.partners = None, {}, []
        for words in lines_of(folder, 'shadow.txt'):
            if words[0] == 'since':
                self.since = words[1]
            elif words[0] == 'partner':
                self.partners.append(tuple(map(int, words[1:])))
            else:
                self.sums[words[0]] = tuple(map(int, words[1:]))

    def complaints(self):
        """Points of partners come to the sums."""
        return ['shadow, %s: %s of partners are not the sum' % (side, what)
                for side, first in (('recorded', 1), ('new', 4))
                for nth, what in enumerate(('issued', 'redeemed'))
                if sum(row[first + nth] for row in self.partners) != self.sums[side][2 + nth]]


class Tables:
    """All that the month must come to under one model of funding."""

    def __init__(self, folder, name):
        self.trade = {row.number: row for row in read_trade(folder)}
        self.statements, self.nettings, self.obligations, self.covers = [], [], [], []
        self.owns = []
        for words in lines_of(folder, name + '.txt'):
            self._take(words)
        rows = [(words[0], int(words[1]), [int(word) for word in words[2:]])
                for words in lines_of(folder, 'members.txt')[1:]]
        self.members = [(who, points) for who, points, _ in rows]
        self._members = rows

    def _take(self, words):
        if words[0] == 'statement':
            self.statements.append(Statement(words))
        elif words[0] in ('opening', 'net', 'carried'):
            setattr(self.statements[-1], words[0], int(words[1]))
        elif words[0] == 'netting':
            self.nettings.append(Netting(words[1]))
        elif words[0] == 'balance':
            self.nettings[-1].balances.append((int(words[1]), int(words[2])))
        elif words[0] == 'payment':
            self.nettings[-1].payments.append(tuple(map(int, words[1:])))
        elif words[0] == 'cover':
            self.covers.append(tuple(map(int, words[1:])))
        elif words[0] == 'own':
            self.owns.append(tuple(map(int, words[1:])))
        elif words[0] == 'obligation':
            self.obligations.append(tuple(map(int, words[1:])))
        else:
            self.statements[-1].add(words)

    def _payable(self, date):
        return {statement.partner: statement.net - statement.carried
                for statement in self.statements
                if statement.last == date and statement.net != statement.carried}

    def complaints(self):
        found = [complaint for statement in self.statements
                 for complaint in statement.complaints(self.trade)]
        for netting in self.nettings:
            found += netting.complaints()
            if {party: amount for party, amount in netting.balances
                    if party} != self._payable(netting.date):
                found.append('netting of %s: not what the statements say' % netting.date)
        return found + self._part_complaints() + [
            '%s: %d is not the sum' % (who, points)
            for who, points, parts in self._members if sum(parts) != points]

    def _part_complaints(self):
        sums = {}
        for statement in self.statements:
            for key, points in statement.parts():
                sums[key] = sums.get(key, 0) + points
        return ['row %d: its parts come to %d' % (row, points)
                for (row, _), points in sums.items() if self.trade[row].points != points]
