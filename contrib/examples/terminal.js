#!/usr/bin/env node
'use strict';
/*
 * terminal.js - a till in JavaScript: terminal.js HOST:PORT CA-FILE TERMINAL KEY-FILE CARD
 *
 * Written from PROTOCOL.md.  It enrols a card, earns for a purchase and sends the same earn again,
 * burns, takes the burn back, and asks for the points.  Node.js 16 or newer; npm install msgpackr.
 */
const crypto = require('crypto');
const fs = require('fs');
const tls = require('tls');
const { Packr } = require('msgpackr');

const HELLO = 1, AUTH = 2;
const ENROLL = 10, INQUIRY = 13, EARN = 20, BURN = 21, REVERSE = 26;
const NAMES = { [ENROLL]: 'ENROLL', [INQUIRY]: 'INQUIRY', [EARN]: 'EARN', [BURN]: 'BURN', [REVERSE]: 'REVERSE' };
const VERSION = 1, CLIENT_NONCE = 2, TERMINAL = 3, KEY_GENERATION = 5, PROOF = 6;
const TRANSACTION_ID = 7, BUSINESS_TIME = 8, IDENTIFIER_TYPE = 10, IDENTIFIER = 11, AMOUNT = 14;
const POINTS = 16, ORIGINAL = 17, ORIGINAL_TIME = 18, REASON = 20, REPEAT = 29, ATTEMPT = 65;
const SERVER_NONCE = 80, RETRY_AFTER = 90, REPLAY = 93, AVAILABLE = 97;
const OK = 0, BUSY = 30, FULL_LAST = 38; // BUSY to FULL_LAST pass by themselves
const CARD = 1, VOIDED = 2;
const TRY_MS = 30000, ANSWER_MS = 5000, FRAME_BYTES_MAX = 16384;

// A body is a map from numbers; a number beyond 32 bits is given as BigInt, or it becomes a float.
const packr = new Packr({
	mapsAsObjects: false, useRecords: false, variableMapSize: true, int64AsType: 'number',
});

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// No connection, or no answer on it: what was sent may be booked or not.
class Unanswered extends Error {}
// Trying again is of no use.
class Refused extends Error {}

// One session.  Requests may be sent without waiting for the answers to others.
class Connection {
	constructor() {
		this.waiting = new Map(); // by request id: what is told the answer or the loss
		this.lastId = 0;
		this.input = Buffer.alloc(0);
		this.isLost = false;
	}

	static async open(host, port, ca, terminal, key) {
		const connection = new Connection();
		await connection.secure(host, port, ca);
		await connection.prove(terminal, key);
		return connection;
	}

	secure(host, port, ca) {
		return new Promise((resolve, reject) => {
			const lose = (error) => {
				this.lose(error);
				const isUntrusted = this.socket.authorizationError;
				reject(new (isUntrusted ? Refused : Unanswered)(error.message));
			};
			// The certificate and its name are checked unless one asks not to.
			this.socket = tls.connect({ host, port, ca, servername: host, minVersion: 'TLSv1.2' });
			this.socket.setTimeout(ANSWER_MS, () => lose(new Error('no answer in time')));
			this.socket.once('secureConnect', resolve);
			this.socket.on('error', lose);
			this.socket.on('close', () => lose(new Error('the gateway closed the connection')));
			this.socket.on('data', (octets) => this.take(octets));
		});
	}

	// HELLO and AUTH, with the proofs of both sides.
	async prove(terminal, key) {
		const nonce = crypto.randomBytes(16);
		const [status, hello] = await this.exchange(HELLO, new Map([[VERSION, 1], [CLIENT_NONCE, nonce]]));
		if (status !== OK) throw new Unanswered(`HELLO is refused with ${status}`);
		const numbers = Buffer.alloc(7);
		numbers.writeUInt8(hello.get(VERSION), 0);
		numbers.writeUInt32BE(terminal, 1);
		numbers.writeUInt16BE(1, 5); // the key's generation
		const exporter = this.socket.exportKeyingMaterial(32, 'EXPORTER-tallygate-auth-v1');
		const proof = (label) => crypto.createHmac('sha256', key).update(Buffer.concat(
			[Buffer.from(label), numbers, nonce, hello.get(SERVER_NONCE), exporter])).digest();
		const [outcome, answer] = await this.exchange(AUTH, new Map([[TERMINAL, terminal],
			[KEY_GENERATION, 1], [PROOF, proof('tallygate terminal proof v1')]]));
		if (outcome !== OK) throw new Refused(`AUTH is refused with ${outcome}`);
		if (!crypto.timingSafeEqual(answer.get(PROOF), proof('tallygate server proof v1')))
			throw new Refused('the gateway does not know our key');
	}

	// Send a request; status and body of its answer.
	exchange(operation, body) {
		return new Promise((resolve, reject) => {
			if (this.isLost) {
				reject(new Unanswered('the connection is lost'));
				return;
			}
			const id = ++this.lastId;
			const payload = packr.pack([id, operation, body]);
			const size = Buffer.alloc(4);
			size.writeUInt32BE(payload.length);
			this.waiting.set(id, { resolve, reject });
			this.socket.write(Buffer.concat([size, payload]));
		});
	}

	// Bytes have come: give each whole frame to whoever waits for it.
	take(octets) {
		this.input = Buffer.concat([this.input, octets]);
		try {
			while (this.input.length >= 4) {
				const size = this.input.readUInt32BE();
				if (size > FRAME_BYTES_MAX) throw new RangeError(`a frame of ${size} bytes`);
				if (this.input.length < 4 + size) return;
				const [id, status, body] = packr.unpack(this.input.subarray(4, 4 + size));
				this.input = this.input.subarray(4 + size);
				if (this.waiting.has(id)) this.waiting.get(id).resolve([status, body]);
				this.waiting.delete(id); // 0 is a NOTICE: the gateway will close
			}
		} catch (error) {
			this.lose(error);
		}
	}

	lose(error) {
		this.isLost = true;
		this.socket.destroy();
		for (const { reject } of this.waiting.values()) reject(new Unanswered(error.message));
		this.waiting.clear();
	}
}

// Connects when it must, and sends a transaction until it is answered.
class Till {
	constructor(...whereAndWho) {
		this.whereAndWho = whereAndWho;
		this.connection = null;
	}

	async once(operation, body) {
		if (this.connection === null || this.connection.isLost)
			this.connection = await Connection.open(...this.whereAndWho);
		return this.connection.exchange(operation, body);
	}

	// A real till has operation and body on its disk before this is called.
	async transact(operation, body) {
		const until = Date.now() + TRY_MS;
		for (let attempt = 0, bound = 1000; ; attempt++) {
			const marks = attempt === 0 ? [] : [[REPEAT, true], [ATTEMPT, attempt]];
			let pause;
			try {
				const [status, answer] = await this.once(operation, new Map([...body, ...marks]));
				if (status < BUSY || status > FULL_LAST) return [status, answer];
				pause = (answer.get(RETRY_AFTER) ?? 200) * (1 + Math.random());
			} catch (error) {
				if (!(error instanceof Unanswered)) throw error;
				console.error(error.message);
				pause = Math.random() * bound;
				bound = Math.min(2 * bound, 60000);
			}
			if (Date.now() + pause > until)
				throw new Refused(`no answer: the outcome of ${NAMES[operation]} is unknown`);
			await sleep(pause);
		}
	}

	close() {
		if (this.connection !== null) this.connection.lose(new Error('closed'));
	}
}

// What every transaction about a card has, and more.
function transaction(card, ...more) {
	return new Map([[TRANSACTION_ID, crypto.randomBytes(16)], [BUSINESS_TIME, BigInt(Date.now())],
		[IDENTIFIER_TYPE, CARD], [IDENTIFIER, card], ...more]);
}

function show(operation, [status, answer]) {
	if (status !== OK) throw new Refused(`${NAMES[operation]} is refused with ${status}`);
	const replay = answer.get(REPLAY) ? ' replay' : '';
	console.log(`${NAMES[operation]} OK available=${answer.get(AVAILABLE) ?? 0}${replay}`);
}

async function main(where, caFile, terminal, keyFile, card) {
	if (card === undefined) throw new Refused('usage: terminal.js HOST:PORT CA-FILE TERMINAL KEY-FILE CARD');
	const [, host, port] = /^(.*):(\d+)$/.exec(where);
	const till = new Till(host, Number(port), fs.readFileSync(caFile), Number(terminal), fs.readFileSync(keyFile));
	const send = async (operation, body) => show(operation, await till.transact(operation, body));

	try {
		await send(ENROLL, transaction(card));
		const earn = transaction(card, [AMOUNT, 1980]);
		await send(EARN, earn);
		await send(EARN, earn); // the same id: booked once
		const burn = transaction(card, [POINTS, 9]);
		await send(BURN, burn);
		await send(REVERSE, transaction(card, [ORIGINAL, burn.get(TRANSACTION_ID)],
			[ORIGINAL_TIME, burn.get(BUSINESS_TIME)], [REASON, VOIDED]));
		show(INQUIRY, await till.once(INQUIRY, new Map([[IDENTIFIER_TYPE, CARD], [IDENTIFIER, card]])));
	} finally {
		till.close();
	}
}

main(...process.argv.slice(2)).catch((error) => {
	console.error(error.message);
	process.exitCode = 1;
});
