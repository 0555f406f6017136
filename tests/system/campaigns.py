"""campaigns.py - cases about what the programme file adds to a purchase, for client.py."""
from world import expect, expect_equal, numbers


def a_campaign_is_told_apart(world):
    """The programme file's part of a bonus, in an earn, its quote and its status."""
    path = world.server.folder.write(
        'programme', b'campaigns = ( { number = 7; partner = 2; points = 5; sponsor = 1; } );\n')
    world.server.console.do('programme load ' + path)
    till, member = world.till(201), world.member()
    earn = {'member': member, 'amount': 1000}
    request = world.request('EARN', **earn)
    for answer in (till.call('QUOTE', quoted_operation=numbers('EARN')[0], **earn),
                   request.send(till), till.call('STATUS', **request.named())):
        expect(answer)
        expect_equal([(row['campaign'], row['sponsor'], row['points'], row['refusal'])
                      for row in answer['components']], [(7, 1, 5, 0)])
