import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { z } from "zod";
import { parseJson, readBody, sendJson } from "../http-body.ts";
import { listen } from "../listen.ts";
import { ask } from "./ask.ts";
import { type DohForm, dohAnswer, typeOf } from "./doh.ts";
import { type DnsRecord, faultSchema, type RecordType, recordSchema, removalSchema } from "./records.ts";
import { RCODE } from "./resolve.ts";
import { startWireServer } from "./wire.ts";
import { openZone, type Zone } from "./zone.ts";

export interface DnsServer {
  /** Where the zone's records are read, added and taken away: `GET`, `POST`, `DELETE`. */
  readonly recordsAddress: string;
  /** Two resolvers that take `?name=&type=` and answer as those of Cloudflare and of Google do in JSON. */
  readonly resolvers: readonly [string, string];
  /** Of the DNS server itself, over UDP and TCP. */
  readonly port: number;
  readonly zone: Zone;
  /** The data of all records of a type at a name; of the name itself, or where it is a CNAME of another, of that. `null`: a failure. */
  lookUp(name: string, type: RecordType): Promise<readonly string[] | null>;
  close(): Promise<void>;
}

export interface DnsServerOptions {
  /** Records that are there from the start. */
  readonly planted?: readonly DnsRecord[];
  /** Where what is added is kept; nowhere unless it is given. */
  readonly file?: string | null;
  /** Of the DNS server and of its HTTP side; 0 takes any free one. */
  readonly port?: number;
  readonly httpPort?: number;
}

const FORMS: Readonly<Record<string, DohForm>> = { "/dns-query": "cloudflare", "/resolve": "google" };

/**
 * A DNS server with a zone of its own, and two resolvers over HTTP that ask it. For names that the zone does not know, this
 * machine's own resolver answers. Listens on this machine only.
 */
export async function startDnsServer({ planted = [], file = null, port = 0, httpPort = 0 }: DnsServerOptions = {}): Promise<DnsServer> {
  const zone = await openZone({ planted, file });
  const wire = await startWireServer(zone, port);
  const server = createServer((request, response) => {
    respond(request, response, zone, wire.port).catch(() => response.destroy());
  });
  const origin = `http://127.0.0.1:${await listen(server, httpPort)}`;
  return {
    recordsAddress: `${origin}/records`,
    resolvers: [`${origin}/dns-query`, `${origin}/resolve`],
    port: wire.port,
    zone,
    async lookUp(name, type) {
      const answer = await ask(wire.port, name, type);
      const rcode = answer === null ? RCODE.failed : (answer.flags ?? 0) & 0xf;
      if (rcode !== RCODE.ok && rcode !== RCODE.noSuchName) return null;
      return (answer?.answers ?? []).flatMap((record) => (record.type === type && "data" in record ? [textOf(record.data)] : []));
    },
    async close() {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await Promise.all([closed, wire.close()]);
    },
  };
}

function textOf(data: unknown): string {
  return Array.isArray(data) ? data.map(String).join("") : String(data);
}

async function respond(request: IncomingMessage, response: ServerResponse, zone: Zone, port: number): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
  const form = FORMS[pathname];
  if (form !== undefined) return await answerQuestion(response, form, searchParams, port);
  // A page that somebody has open must not plant records: it can send no JSON here, and cannot call this server by another name.
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? ""))
    return refuse(response, 403, "Call this server by its address");
  if (pathname === "/records") return await onRecords(request, response, zone);
  if (pathname === "/faults") return await onFaults(request, response, zone);
  refuse(response, 404, "There are /records, /faults, /dns-query and /resolve");
}

async function answerQuestion(response: ServerResponse, form: DohForm, query: URLSearchParams, port: number): Promise<void> {
  const name = query.get("name");
  const type = typeOf(query.get("type"));
  if (!name || type === null) return refuse(response, 400, "Invalid query");
  sendJson(response, 200, dohAnswer(form, name, type, await ask(port, name, type)));
}

async function onRecords(request: IncomingMessage, response: ServerResponse, zone: Zone): Promise<void> {
  if (request.method === "GET") return sendJson(response, 200, { records: zone.records() });
  if (request.method === "POST") {
    const record = await read(request, response, recordSchema);
    if (record === null) return;
    const { refusal } = await zone.add(record);
    return refusal === null ? sendJson(response, 201, record) : refuse(response, 409, refusal);
  }
  if (request.method !== "DELETE") return refuse(response, 405, "GET, POST or DELETE");
  const what = await read(request, response, removalSchema);
  if (what !== null) sendJson(response, 200, { removed: await zone.remove(what) });
}

async function onFaults(request: IncomingMessage, response: ServerResponse, zone: Zone): Promise<void> {
  if (request.method === "GET") return sendJson(response, 200, { faults: zone.faults() });
  if (request.method === "DELETE") {
    const what = await read(request, response, removalSchema);
    if (what === null) return;
    zone.setFault(what.name, null);
    return sendJson(response, 200, { faults: zone.faults() });
  }
  if (request.method !== "POST") return refuse(response, 405, "GET, POST or DELETE");
  const fault = await read(request, response, faultSchema);
  if (fault === null) return;
  zone.setFault(fault.name, fault);
  sendJson(response, 201, fault);
}

/** The body; `null` where it is refused, which has then been said. */
async function read<T>(request: IncomingMessage, response: ServerResponse, schema: z.ZodType<T>): Promise<T | null> {
  if (!request.headers["content-type"]?.startsWith("application/json")) {
    refuse(response, 415, "Send JSON, with Content-Type: application/json");
    return null;
  }
  const input = schema.safeParse(parseJson((await readBody(request)) ?? ""));
  if (input.success) return input.data;
  refuse(response, 400, input.error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`).join("; "));
  return null;
}

function refuse(response: ServerResponse, status: number, error: string): void {
  sendJson(response, status, { error });
}
