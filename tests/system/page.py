"""page.py - the tables of protocol/PROTOCOL.md, read from the page itself.

A client in production would have the numbers written down; a test has more to say when they come
from the page, because then a number that is wrong there is a request that is refused here.
"""
import collections
import re

Field = collections.namedtuple('Field', 'number name type')
Status = collections.namedtuple('Status', 'number name is_again is_recorded')
# Sets of field names: all that a request may have, those required, those that count as content,
# and what an answer may have.
Operation = collections.namedtuple('Operation', 'number name is_transaction fields required '
                                   'content answer')


def rows(text):
    """The rows of a Markdown table, each a list of its cells; heads and rules left out."""
    found = [[cell.strip().strip('`') for cell in line.strip()[1:-1].split('|')]
             for line in text.splitlines() if line.startswith('|')]
    rules = [i for i, cells in enumerate(found) if set(''.join(cells)) <= set('- ')
             and ''.join(cells)]
    heads = {i - 1 for i in rules}
    return [cells for i, cells in enumerate(found) if i not in heads and i not in rules]


class Page:
    """Operations, fields, statuses, rights and rows, by name and by number."""

    def __init__(self, path):
        with open(path, encoding='utf-8') as file:
            self.text = file.read()
        self.fields = [Field(int(cells[0]), cells[1], cells[2])
                       for cells in rows(self.section('## Fields')) if cells[0].isdigit()]
        self.statuses = [Status(int(cells[0]), cells[1], cells[2] == 'again',
                                cells[3] == 'recorded')
                         for cells in rows(self.section('## Statuses'))]
        self.rights = {cells[1]: int(cells[0]) for cells in rows(self.section('## Rights'))}
        self.operations = [self._operation(text) for text in
                           re.split(r'^### ', self.section('## Operations'), flags=re.M)[1:]]
        self.columns = {text.split('\n')[0]: [cells[0] for cells in rows(text)] for text in
                        re.split(r'^### Rows of ', self.section('## Array fields'),
                                 flags=re.M)[1:]}
        self.field_named = {field.name: field for field in self.fields}
        self.field_numbered = {field.number: field for field in self.fields}
        self.status_numbered = {status.number: status for status in self.statuses}
        self.status_named = {status.name: status for status in self.statuses}
        self.operation_named = {operation.name: operation for operation in self.operations}
        self.operation_numbered = {operation.number: operation for operation in self.operations}

    def section(self, heading):
        """The text under a heading of the second level."""
        return re.search(r'^%s\n(.*?)(?=^## |\Z)' % re.escape(heading), self.text,
                         re.M | re.S).group(1)

    @staticmethod
    def _operation(text):
        table = [cells for cells in rows(text) if len(cells) == 5]
        return Operation(
            number=int(re.search(r'^Operation (\d+):', text, re.M).group(1)),
            name=text.split('\n')[0],
            is_transaction='A transaction.' in text,
            fields={cells[0] for cells in table},
            required={cells[0] for cells in table if cells[3] == 'must'},
            content={cells[0] for cells in table if cells[4] == 'counts'},
            answer=set(re.findall(r'([A-Z_]+) \(\d+\)', ''.join(
                re.findall(r'^Answer: .*?^$', text + '\n\n', re.M | re.S)))))

    def examples(self):
        """The frames of "A conversation": (words, bytes) in order."""
        text = self.section('## A conversation')
        pairs = re.findall(r'^    (\[.*?\])\n\n((?:^ {20,}[0-9a-f]+\n)+)', text, re.M | re.S)
        return [(words, bytes.fromhex(''.join(digits.split()))) for words, digits in pairs]

    def proof_example(self):
        """The values of the example of "By key", by name: bytes."""
        pairs = re.findall(r'^    ([a-z ]+?) {2,}([0-9a-f]{32,64})$',
                           self.section('## Opening a session'), re.M)
        return {name: bytes.fromhex(digits) for name, digits in pairs}
