import { type CustomHostname, newToken } from "./custom-hostname.ts";
import { type LookUp, leadsTo } from "./look-up.ts";

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

/** How long (ms) the steps of a certificate's order take, as they do on a good day. */
const PACE = { initializing: SECOND, issuance: 2 * SECOND, deployment: 2 * SECOND } as const;
/** Checks of a hostname, and of domain control, go on for a week; a hostname that has moved is deleted a week later. */
const CHECKS_MS = 7 * DAY;
const MOVED_MS = 7 * DAY;
/** A certificate holds for 90 days and is renewed in its last 30. */
const CERTIFICATE_MS = 90 * DAY;
const RENEWAL_MS = 30 * DAY;

/** What the far side sees of the world outside. */
export interface World {
  readonly lookUp: LookUp;
  /** What a visitor gets at an http address; `null` when nothing answers. */
  readonly visit: (url: string) => Promise<string | null>;
  /** Name that custom hostnames are to lead to. */
  readonly target: string;
  /** The part of delegated names that is this zone's own. */
  readonly delegationId: string;
}

/** Brings a hostname to where it is by now. Gives `false` once it has been given up and deleted. */
export async function settle(hostname: CustomHostname, now: number, world: World): Promise<boolean> {
  if (hostname.pinned) return true;
  const points = await leadsTo(world.lookUp, hostname.hostname, world.target);
  await settleHostname(hostname, now, world, points);
  if (hostname.movedAt !== null && now - hostname.movedAt >= MOVED_MS) return false;
  if (hostname.status !== "moved") await settleCertificate(hostname, now, world, points);
  return true;
}

/** https://developers.cloudflare.com/cloudflare-for-platforms/cloudflare-for-saas/domain-support/hostname-validation/ */
async function settleHostname(hostname: CustomHostname, now: number, world: World, points: boolean | null): Promise<void> {
  if (hostname.status === "active") {
    // Checked before it led here, it may lead elsewhere for as long as its owner likes.
    if (hostname.hasPointed && points === false) Object.assign(hostname, { status: "moved", movedAt: now });
    hostname.hasPointed ||= points === true;
    return;
  }
  if (hostname.status !== "pending") return;
  if (now - hostname.checkedSince >= CHECKS_MS) {
    Object.assign(hostname, { status: "moved", movedAt: hostname.checkedSince + CHECKS_MS });
    if (hostname.ssl.status !== "active") hostname.ssl.status = "validation_timed_out";
  } else if (points === true || (await isOwned(hostname, world))) {
    Object.assign(hostname, { status: "active", hasPointed: points === true });
  }
}

async function isOwned({ hostname, ownershipToken, id }: CustomHostname, { lookUp, visit }: World): Promise<boolean> {
  if ((await lookUp(`_cf-custom-hostname.${hostname}`, "TXT"))?.includes(ownershipToken)) return true;
  return (await visit(ownershipUrl(hostname, id))) === ownershipToken;
}

/** Where the file stands that proves ownership of a hostname. */
export function ownershipUrl(hostname: string, id: string): string {
  return `http://${hostname}/.well-known/cf-custom-hostname-challenge/${id}`;
}

/** Where the file stands that proves domain control. */
export function validationUrl(hostname: string, token: string): string {
  return `http://${hostname}/.well-known/acme-challenge/${token}`;
}

/** What `_acme-challenge.<hostname>` is a CNAME of where domain control is delegated. */
export function delegationTarget(hostname: string, delegationId: string): string {
  return `${hostname}.${delegationId}.dcv.cloudflare.com`;
}

async function settleCertificate(hostname: CustomHostname, now: number, world: World, points: boolean | null): Promise<void> {
  const { ssl } = hostname;
  if (ssl.expiresAt !== null && now >= ssl.expiresAt && ssl.status !== "active") ssl.status = "expired";
  if (ssl.status === "initializing" && now - ssl.orderedAt >= PACE.initializing) ssl.status = "pending_validation";
  if (ssl.status === "pending_validation") await validate(hostname, now, world, points);
  if (ssl.validatedAt !== null) proceed(hostname, now, ssl.validatedAt);
  if (ssl.status === "active" && ssl.expiresAt !== null && ssl.expiresAt - now <= RENEWAL_MS) {
    await renew(hostname, now, ssl.expiresAt, world, points);
  }
}

async function validate({ hostname, ssl }: CustomHostname, now: number, world: World, points: boolean | null): Promise<void> {
  if (await controls(hostname, ssl.method, ssl.token, world, points)) ssl.validatedAt = now;
  else if (ssl.expiresAt === null && now - ssl.orderedAt >= CHECKS_MS) ssl.status = "validation_timed_out";
}

/** From validation on, the order needs nothing but time. */
function proceed({ ssl }: CustomHostname, now: number, validatedAt: number): void {
  const passed = now - validatedAt;
  if (passed < PACE.issuance) ssl.status = "pending_issuance";
  else if (passed < PACE.issuance + PACE.deployment) ssl.status = "pending_deployment";
  else Object.assign(ssl, { status: "active", validatedAt: null, expiresAt: validatedAt + CERTIFICATE_MS });
}

/** Renewed where domain control can be shown without its owner; else the owner is waited for, until the certificate ends. */
async function renew(
  { hostname, ssl }: CustomHostname,
  now: number,
  expiresAt: number,
  world: World,
  points: boolean | null,
): Promise<void> {
  const token = newToken();
  if (await controls(hostname, ssl.method, token, world, points)) ssl.expiresAt = now + CERTIFICATE_MS;
  else Object.assign(ssl, { status: now >= expiresAt ? "expired" : "pending_validation", token, orderedAt: now });
}

/** https://developers.cloudflare.com/cloudflare-for-platforms/cloudflare-for-saas/security/certificate-management/issue-and-validate/ */
async function controls(hostname: string, method: string, token: string, world: World, points: boolean | null): Promise<boolean> {
  if (method === "http") return points === true || (await world.visit(validationUrl(hostname, token))) === token;
  if (method !== "txt") return false;
  const challenge = `_acme-challenge.${hostname}`;
  const delegated = await world.lookUp(challenge, "CNAME");
  if (delegated?.some((name) => name.replace(/\.$/, "") === delegationTarget(hostname, world.delegationId))) return true;
  return (await world.lookUp(challenge, "TXT"))?.includes(token) ?? false;
}
