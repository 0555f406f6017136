#!lua name=bench
-- The work of an idempotent earn in Redis: ids are kept for three days, as long as the gateway does.

local window_s = 259200

local function earn(id, card, amount)
	local kept = redis.call('GET', 't:' .. id)
	if kept then
		return tonumber(kept)
	end
	local balance = redis.call('INCRBY', 'm:' .. card, math.floor(amount / 100))
	redis.call('SET', 't:' .. id, balance, 'EX', window_s)
	return balance
end

redis.register_function('earn', function(keys, arguments)
	return earn(keys[1], keys[2], tonumber(arguments[1]))
end)

redis.register_function('earn_many', function(keys, arguments)
	local balances = {}
	for i = 1, #arguments do
		balances[i] = earn(keys[2 * i - 1], keys[2 * i], tonumber(arguments[i]))
	end
	return balances
end)
