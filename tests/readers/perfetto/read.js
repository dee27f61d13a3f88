// SPDX-License-Identifier: BSD-2-Clause
// read.js SCHEMA TRACE: a second reader of a trace, with protobufjs. Prints {"where|what": [slices, ns, sum of starts]}, as `check`
// counts them; a slice is its begin and the next end that is not taken on its track.
"use strict";
const fs = require("fs");
const protobuf = require("protobufjs");

const schema = protobuf.loadSync(process.argv[2]);
const Packet = schema.lookupType("irqscope.perfetto.TracePacket");
const { TYPE_SLICE_BEGIN, TYPE_SLICE_END } = schema.lookupEnum("irqscope.perfetto.TrackEvent.Type").values;
const whole = (value) => BigInt(value.toString()); // 64 bits are no number of JavaScript's

const tracks = new Map();
const names = new Map();
const open = new Map();
const sums = {};

function begin(track, ns, key) {
    if (!open.has(track)) open.set(track, []);
    open.get(track).push([ns, key]);
}

function end(track, ns) {
    const [start, key] = open.get(track).pop();
    const sum = (sums[key] ??= [0n, 0n, 0n]);
    sum[0] += 1n;
    sum[1] += ns - start;
    sum[2] += start;
}

function ftrace(bundle) {
    for (const event of bundle.event) {
        const ns = whole(event.timestamp);
        const track = `ftrace ${bundle.cpu}`;
        if (event.softirqEntry) begin(track, ns, `softirq ${bundle.cpu}|${event.softirqEntry.vec}`);
        else if (event.irqHandlerEntry) {
            const { irq, name } = event.irqHandlerEntry;
            const number = Object.hasOwn(event.irqHandlerEntry, "irq") ? irq : "-";
            begin(track, ns, `hardirq ${bundle.cpu}|${number} ${name}`);
        } else end(track, ns);
    }
}

function take(packet) {
    for (const one of packet.internedData?.eventNames ?? []) names.set(one.iid.toString(), one.name);
    if (packet.trackDescriptor) tracks.set(packet.trackDescriptor.uuid.toString(), packet.trackDescriptor);
    if (packet.ftraceEvents) ftrace(packet.ftraceEvents);
    const event = packet.trackEvent;
    if (!event) return;
    const uuid = event.trackUuid.toString();
    if (event.type === TYPE_SLICE_END) end(uuid, whole(packet.timestamp));
    if (event.type !== TYPE_SLICE_BEGIN) return;
    const track = tracks.get(uuid);
    const group = tracks.get(track.parentUuid.toString()).name;
    const name = event.name || names.get(event.nameIid.toString());
    begin(uuid, whole(packet.timestamp), `${group}: ${track.name}|${name}`);
}

const reader = protobuf.Reader.create(fs.readFileSync(process.argv[3]));
while (reader.pos < reader.len) {
    if (reader.uint32() !== ((1 << 3) | 2)) throw new Error(`at ${reader.pos}: no packet of a trace`);
    take(Packet.decode(reader, reader.uint32()));
}
console.log(JSON.stringify(sums, (_, value) => (typeof value === "bigint" ? value.toString() : value)));
