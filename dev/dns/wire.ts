import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { createServer, type Socket as Stream } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import packets, { type Answer, type DecodedPacket } from "dns-packet";
import { listen } from "../listen.ts";
import { type DnsRecord, RECORD_TYPES } from "./records.ts";
import { RCODE, resolve } from "./resolve.ts";
import type { Zone } from "./zone.ts";

export interface WireServer {
  /** Of UDP and TCP alike, on the loopback address. */
  readonly port: number;
  close(): Promise<void>;
}

/** Seconds that an answer holds. Short: whoever edits a record wants to see it. */
const TTL = 5;
/** Bytes of a datagram without and, at most, with EDNS (RFC 1035, section 4.2.1; RFC 9715). */
const PLAIN_BYTES = 512;
const EDNS_BYTES = 1_232;
/** Bytes of one string of a TXT record; longer texts are split. */
const STRING_BYTES = 255;

/** A DNS server on this machine for the zone, over UDP and TCP (RFC 1035, RFC 7766). Port 0 takes any free one. */
export async function startWireServer(zone: Zone, port: number): Promise<WireServer> {
  const streams = new Set<Stream>();
  const server = createServer((stream) => {
    streams.add(stream);
    stream.on("close", () => streams.delete(stream));
    // A client that hangs up needs no answer.
    stream.on("error", () => stream.destroy());
    serveStream(zone, stream);
  });
  const bound = await listen(server, port);
  const socket = await bindDatagrams(bound);
  socket.on("message", (bytes, sender) => {
    // Nobody waits for the outcome: a question without an answer is what a lost datagram is.
    void answerDatagram(zone, socket, bytes, sender).catch(() => undefined);
  });
  return {
    port: bound,
    async close() {
      for (const stream of streams) stream.destroy();
      await Promise.all([new Promise((done) => server.close(done)), new Promise<void>((done) => void socket.close(done))]);
    },
  };
}

function bindDatagrams(port: number): Promise<Socket> {
  const socket = createSocket("udp4");
  return new Promise((done, reject) => {
    socket.once("error", reject);
    socket.bind(port, "127.0.0.1", () => {
      socket.off("error", reject);
      socket.on("error", () => undefined);
      done(socket);
    });
  });
}

function serveStream(zone: Zone, stream: Stream): void {
  let buffered = Buffer.alloc(0);
  stream.on("data", (bytes: Buffer) => {
    buffered = Buffer.concat([buffered, bytes]);
    for (let length = lengthOf(buffered); length !== null; length = lengthOf(buffered)) {
      const query = read(buffered.subarray(2, 2 + length));
      buffered = buffered.subarray(2 + length);
      if (query === null) stream.destroy();
      else void answerStream(zone, stream, query);
    }
  });
}

/** The length of the first message, once all of it is there. */
function lengthOf(bytes: Buffer): number | null {
  if (bytes.length < 2) return null;
  const length = bytes.readUInt16BE(0);
  return bytes.length < 2 + length ? null : length;
}

async function answerStream(zone: Zone, stream: Stream, query: DecodedPacket): Promise<void> {
  const answer = await answerTo(zone, query);
  if (answer === null || stream.destroyed) return;
  const length = Buffer.alloc(2);
  length.writeUInt16BE(answer.length);
  stream.write(Buffer.concat([length, answer]));
}

async function answerDatagram(zone: Zone, socket: Socket, bytes: Buffer, sender: RemoteInfo): Promise<void> {
  const query = read(bytes);
  if (query === null) return;
  const answer = await answerTo(zone, query);
  if (answer === null) return;
  const truncates = zone.fault(nameOf(query))?.kind === "truncated" || answer.length > roomOf(query);
  socket.send(
    truncates ? encode(query, { rcode: RCODE.ok, flags: packets.TRUNCATED_RESPONSE, records: [] }) : answer,
    sender.port,
    sender.address,
  );
}

/** A question; `null` for what is none. */
function read(bytes: Buffer): DecodedPacket | null {
  try {
    const packet = packets.decode(bytes);
    return packet.type === "query" && packet.questions?.length === 1 ? packet : null;
  } catch {
    return null;
  }
}

const nameOf = ({ questions }: DecodedPacket) => (questions?.[0]?.name ?? "").toLowerCase().replace(/\.$/, "");

function roomOf({ additionals = [] }: DecodedPacket): number {
  const option = additionals.find((record) => record.type === "OPT");
  return option === undefined ? PLAIN_BYTES : Math.min(EDNS_BYTES, Math.max(PLAIN_BYTES, option.udpPayloadSize));
}

/** The answer, or `null` where the name's server says nothing. */
async function answerTo(zone: Zone, query: DecodedPacket): Promise<Buffer | null> {
  const name = nameOf(query);
  const type = RECORD_TYPES.find((known) => known === query.questions?.[0]?.type);
  const fault = zone.fault(name);
  if (fault?.kind === "silent") return null;
  if (fault?.kind === "delay") await sleep(fault.delay_ms);
  if (type === undefined) return encode(query, { rcode: RCODE.notImplemented, flags: 0, records: [] });
  const { rcode, authoritative, records } = await resolve(zone, name, type);
  return encode(query, { rcode, flags: authoritative ? packets.AUTHORITATIVE_ANSWER : 0, records });
}

function encode(query: DecodedPacket, { rcode, flags, records }: { rcode: number; flags: number; records: readonly DnsRecord[] }): Buffer {
  const extended = query.additionals?.some((record) => record.type === "OPT") ?? false;
  return packets.encode({
    type: "response",
    id: query.id,
    flags: flags | packets.RECURSION_AVAILABLE | (query.flag_rd ? packets.RECURSION_DESIRED : 0) | rcode,
    questions: query.questions,
    answers: records.map(onWire),
    additionals: extended
      ? [{ type: "OPT", name: ".", udpPayloadSize: EDNS_BYTES, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] }]
      : [],
  });
}

function onWire({ name, type, data }: DnsRecord): Answer {
  if (type !== "TXT") return { name, type, ttl: TTL, data };
  const bytes = Buffer.from(data);
  const strings = Array.from({ length: Math.ceil(bytes.length / STRING_BYTES) }, (_, index) =>
    bytes.subarray(index * STRING_BYTES, (index + 1) * STRING_BYTES),
  );
  return { name, type, ttl: TTL, data: strings };
}
