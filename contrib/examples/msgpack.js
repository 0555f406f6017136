'use strict';
/*
 * msgpack.js - as much of msgpack as PROTOCOL.md needs, in both directions.
 *
 * Bodies are maps whose keys are integers: a Map here.  The packages that make objects of them turn
 * the keys into texts, which the gateway refuses.  Integers beyond 2^53 come as BigInt.
 */

// Length of what follows, in the shortest of the forms that a type has.
function head(forms, count) {
	for (const [limit, first, bytes] of forms) {
		if (count > limit) continue;
		const octets = Buffer.alloc(1 + bytes);
		octets[0] = bytes === 0 ? first | count : first;
		if (bytes > 0) octets.writeUIntBE(count, 1, bytes);
		return octets;
	}
	throw new RangeError('too long for msgpack');
}

const TEXT = [[31, 0xa0, 0], [0xff, 0xd9, 1], [0xffff, 0xda, 2]];
const BYTES = [[0xff, 0xc4, 1], [0xffff, 0xc5, 2]];
const ARRAY = [[15, 0x90, 0], [0xffff, 0xdc, 2]];
const MAP = [[15, 0x80, 0], [0xffff, 0xde, 2]];
const POSITIVE = [[0x7f, 0, 0], [0xff, 0xcc, 1], [0xffff, 0xcd, 2], [0xffffffff, 0xce, 4]];

function encodeInteger(number) {
	if (number >= 0 && number <= 0xffffffff) return head(POSITIVE, Number(number));
	const octets = Buffer.alloc(9);
	octets[0] = 0xd3;
	octets.writeBigInt64BE(BigInt(number), 1);
	return octets;
}

function encode(value) {
	if (typeof value === 'number' || typeof value === 'bigint') return encodeInteger(value);
	if (typeof value === 'boolean') return Buffer.of(value ? 0xc3 : 0xc2);
	if (typeof value === 'string') {
		const text = Buffer.from(value, 'utf8');
		return Buffer.concat([head(TEXT, text.length), text]);
	}
	if (Buffer.isBuffer(value)) return Buffer.concat([head(BYTES, value.length), value]);
	if (Array.isArray(value))
		return Buffer.concat([head(ARRAY, value.length), ...value.map(encode)]);
	if (value instanceof Map)
		return Buffer.concat([head(MAP, value.size), ...[...value].flat().map(encode)]);
	throw new TypeError('not a value of the protocol');
}

class Reader {
	constructor(octets) {
		this.octets = octets;
		this.at = 0;
	}

	bytes(count) {
		if (this.at + count > this.octets.length) throw new RangeError('cut off');
		this.at += count;
		return this.octets.subarray(this.at - count, this.at);
	}

	unsigned(count) {
		return count === 8 ? safe(this.bytes(8).readBigUInt64BE()) : this.bytes(count).readUIntBE(0, count);
	}

	signed(count) {
		return count === 8 ? safe(this.bytes(8).readBigInt64BE()) : this.bytes(count).readIntBE(0, count);
	}

	array(count) {
		return Array.from({ length: count }, () => this.value());
	}

	map(count) {
		return new Map(Array.from({ length: count }, () => [this.value(), this.value()]));
	}

	value() {
		const first = this.unsigned(1);
		if (first < 0x80) return first;
		if (first < 0x90) return this.map(first & 15);
		if (first < 0xa0) return this.array(first & 15);
		if (first < 0xc0) return this.bytes(first & 31).toString('utf8');
		if (first >= 0xe0) return first - 0x100;
		switch (first) {
		case 0xc2: return false;
		case 0xc3: return true;
		case 0xc4: case 0xc5: case 0xc6: return Buffer.from(this.bytes(this.unsigned(1 << (first - 0xc4))));
		case 0xcc: case 0xcd: case 0xce: case 0xcf: return this.unsigned(1 << (first - 0xcc));
		case 0xd0: case 0xd1: case 0xd2: case 0xd3: return this.signed(1 << (first - 0xd0));
		case 0xd9: case 0xda: case 0xdb: return this.bytes(this.unsigned(1 << (first - 0xd9))).toString('utf8');
		case 0xdc: case 0xdd: return this.array(this.unsigned(2 << (first - 0xdc)));
		case 0xde: case 0xdf: return this.map(this.unsigned(2 << (first - 0xde)));
		default: throw new TypeError(`no value of the protocol begins with ${first}`);
		}
	}
}

function safe(integer) {
	return BigInt.asIntN(54, integer) === integer ? Number(integer) : integer;
}

function decode(octets) {
	const reader = new Reader(octets);
	const value = reader.value();
	if (reader.at !== octets.length) throw new RangeError('something follows the value');
	return value;
}

module.exports = { encode, decode };
