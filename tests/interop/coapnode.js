/*
 * A device on npm's coap-node. It bootstraps, says what it holds afterwards, and registers with the
 * server that it was given, which is a listener of this program:
 *
 *	bootstrapped
 *	holds /0/1/0 coap://127.0.0.1:40123
 *	registered coap://127.0.0.1:40123
 *
 * Arguments: host, port, endpoint, port of the listener, seconds. Ends with 0 when it registered.
 */
'use strict';

const CoapNode = require('coap-node');
const SmartObject = require('smartobject');
const lwm2mId = require('lwm2m-id');
const dgram = require('dgram');

const [host, port, endpoint, listen, limit] = process.argv.slice(2);
function end(status, text) {
	console.log(text);
	process.exit(status);
}

const node = new CoapNode(endpoint, new SmartObject(), { lifetime: 3600 });

node.on('bootstrapped', () => {
	console.log('bootstrapped');
	for (const object of ['lwm2mSecurity', 'lwm2mServer']) {
		const oid = lwm2mId.getOid(object).value;
		const instances = node.getSmartObject().dumpSync(object) || {};

		for (const [iid, resources] of Object.entries(instances)) {
			for (const [name, value] of Object.entries(resources))
				console.log(`holds /${oid}/${iid}/${lwm2mId.getRid(object, name).value} ${value}`);
		}
	}
});
node.on('error', (e) => end(1, `error: ${e.message}`));
process.on('uncaughtException', (e) => end(1, `error: ${e.stack}`));

/* Sees the registration that follows: POST /rd?ep=… in its octets. */
const listener = dgram.createSocket('udp4');
listener.on('message', (datagram) => {
	const text = datagram.toString('latin1');

	if (datagram[1] === 2 && text.includes('rd') && text.includes(`ep=${endpoint}`))
		end(0, `registered coap://127.0.0.1:${listen}`);
});
listener.bind(Number(listen), '127.0.0.1', () => {
	node.bootstrap(host, port, (e, answer) => {
		if (e || answer.status !== '2.04')
			end(1, `bootstrap failed: ${e ? e.message : answer.status}`);
	});
});
setTimeout(() => end(1, 'out of time'), Number(limit) * 1000);
