import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import packets, { type DecodedPacket, type Packet } from "dns-packet";
import type { RecordType } from "./records.ts";

/** Milliseconds that a server may take. */
const TIMEOUT_MS = 4_000;

/**
 * Asks a DNS server on this machine as resolvers do: over UDP, and over TCP where the answer has no room in a datagram. `null`
 * when it does not answer.
 */
export async function ask(port: number, name: string, type: RecordType): Promise<DecodedPacket | null> {
  const query: Packet = {
    type: "query",
    id: randomInt(65_536),
    flags: packets.RECURSION_DESIRED,
    questions: [{ name, type }],
  };
  const answer = await overUdp(port, query);
  return answer?.flag_tc ? await overTcp(port, query) : answer;
}

function overUdp(port: number, query: Packet): Promise<DecodedPacket | null> {
  const socket = createSocket("udp4");
  return new Promise<DecodedPacket | null>((done, reject) => {
    const timer = setTimeout(() => done(null), TIMEOUT_MS);
    timer.unref();
    socket.once("error", reject);
    socket.on("message", (bytes) => {
      // Whatever is not an answer to this question is not meant for it.
      if (bytes.length > 2 && bytes.readUInt16BE(0) === query.id) done(packets.decode(bytes));
    });
    socket.send(packets.encode(query), port, "127.0.0.1");
  }).finally(() => socket.close());
}

function overTcp(port: number, query: Packet): Promise<DecodedPacket | null> {
  const stream = connect(port, "127.0.0.1");
  return new Promise<DecodedPacket | null>((done, reject) => {
    let buffered = Buffer.alloc(0);
    stream.setTimeout(TIMEOUT_MS, () => done(null));
    stream.once("error", reject);
    stream.once("close", () => done(null));
    stream.on("data", (bytes: Buffer) => {
      buffered = Buffer.concat([buffered, bytes]);
      if (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE(0)) done(packets.decode(buffered.subarray(2)));
    });
    stream.write(packets.streamEncode(query));
  }).finally(() => stream.destroy());
}
