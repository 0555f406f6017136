-- The work of an idempotent earn in Tarantool.  Arguments: port, folder, members.

local port, folder, members = arg[1], arg[2], tonumber(arg[3])

box.cfg{
	listen = '127.0.0.1:' .. port,
	work_dir = folder,
	wal_mode = 'fsync',
	memtx_memory = 6 * 1024 * 1024 * 1024,
	checkpoint_interval = 0,
	net_msg_max = 20000,
	log_level = 4,
}

local member = box.schema.space.create('member')
member:create_index('primary', { type = 'hash', parts = { 1, 'string' } })
local transaction = box.schema.space.create('transaction')
transaction:create_index('primary', { type = 'hash', parts = { 1, 'string' } })
for first = 0, members - 1, 1000 do
	box.begin()
	for number = first, math.min(first + 999, members - 1) do
		member:insert{ ('%016d'):format(number), 0 }
	end
	box.commit()
end

local function earn_in_transaction(id, card, amount)
	local kept = transaction:get(id)
	if kept then
		return kept[2]
	end
	local row = member:update(card, { { '+', 2, math.floor(amount / 100) } })
	transaction:insert{ id, row[2], os.time() }
	return row[2]
end

function earn(id, card, amount)
	box.begin()
	local balance = earn_in_transaction(id, card, amount)
	box.commit()
	return balance
end

function earn_many(items)
	local balances = {}
	box.begin()
	for i = 1, #items, 3 do
		balances[#balances + 1] = earn_in_transaction(items[i], items[i + 1], items[i + 2])
	end
	box.commit()
	return balances
end

box.schema.user.grant('guest', 'execute', 'universe')
box.schema.user.grant('guest', 'read,write', 'space', 'member')
box.schema.user.grant('guest', 'read,write', 'space', 'transaction')
print('ready')
io.stdout:flush()
