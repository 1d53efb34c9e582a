import { systemRandom } from "#platform/clock";
import type { Env } from "#platform/env";
import { joined } from "#platform/joined";

/** Where a secret belongs. A sealed text opens only with the very same binding, so it cannot be moved to another tenant or field. */
export interface SecretBinding {
  readonly workspaceId: string;
  /** The table that holds it, such as `workspace_secrets`. */
  readonly resource: string;
  readonly id: string;
  readonly field: string;
}

export interface SealedSecret {
  /** `v1.<key version>.<wrap iv>.<wrapped data key>.<iv>.<ciphertext>`, each part after the version in base64url. */
  readonly sealed: string;
  /** The version of the key that wraps the data key; kept beside the secret, so that rotation finds what is left to re-wrap. */
  readonly keyVersion: number;
}

type EnvelopeEnv = Pick<Env, "ENVELOPE_KEYS">;
type Bytes = Uint8Array<ArrayBuffer>;

interface KeyRing {
  readonly newest: number;
  readonly keys: ReadonlyMap<number, CryptoKey>;
}

const FORMAT = "v1";
const IV_BYTES = 12;
const KEY_BYTES = 32;

function encode(bytes: Bytes): string {
  const characters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(characters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function decode(text: string): Bytes {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}

/** The key-encryption keys of this isolate, imported once and non-extractable, by the configured text. */
const keyRings = new Map<string, Promise<KeyRing>>();

async function importKeyRing(configured: string): Promise<KeyRing> {
  const entries = configured.split(",").map(async (entry) => {
    const [version = "", encoded = ""] = entry.trim().split(":");
    const bytes = decode(encoded);
    if (!/^[1-9][0-9]{0,8}$/.test(version) || bytes.length !== KEY_BYTES) {
      throw new Error("ENVELOPE_KEYS must be <version>:<base64 of 32 bytes>, newest first, separated by commas");
    }
    const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["wrapKey", "unwrapKey"]);
    return [Number(version), key] as const;
  });
  const keys = new Map(await Promise.all(entries));
  const [newest] = keys.keys();
  if (newest === undefined || keys.size !== entries.length) throw new Error("ENVELOPE_KEYS names a version twice");
  return { newest, keys };
}

function keyRing(env: EnvelopeEnv): Promise<KeyRing> {
  const configured = env.ENVELOPE_KEYS;
  const known = keyRings.get(configured);
  if (known) return joined(known);
  const imported = importKeyRing(configured);
  keyRings.set(configured, imported);
  return imported;
}

/**
 * What the tags vouch for besides the content. The data key's wrapping also names the key version; the content does not,
 * so that rotation re-wraps data keys and leaves the content alone.
 */
function associatedData(binding: SecretBinding, keyVersion?: number): Uint8Array {
  const { workspaceId, resource, id, field } = binding;
  const parts = [FORMAT, workspaceId, resource, id, field, ...(keyVersion === undefined ? [] : [keyVersion])];
  return new TextEncoder().encode(JSON.stringify(parts));
}

const aesGcm = (iv: Bytes, additionalData: Uint8Array) => ({ name: "AES-GCM", iv, additionalData });

/** The wrapping of a data key by the newest key, in base64url. */
async function wrapDataKey({ newest, keys }: KeyRing, dataKey: CryptoKey, binding: SecretBinding) {
  const kek = keys.get(newest);
  if (!kek) throw new Error("no envelope key is configured");
  const wrapIv = systemRandom.bytes(IV_BYTES);
  const wrapped = await crypto.subtle.wrapKey("raw", dataKey, kek, aesGcm(wrapIv, associatedData(binding, newest)));
  return { wrapIv: encode(wrapIv), wrapped: encode(new Uint8Array(wrapped)) };
}

/** Encrypts a secret under a fresh AES-256-GCM data key, which the newest configured key wraps. */
export async function sealSecret(env: EnvelopeEnv, plaintext: string, binding: SecretBinding): Promise<SealedSecret> {
  const ring = await keyRing(env);
  const dataKey = await crypto.subtle.importKey("raw", systemRandom.bytes(KEY_BYTES), "AES-GCM", true, ["encrypt"]);
  const iv = systemRandom.bytes(IV_BYTES);
  const [{ wrapIv, wrapped }, ciphertext] = await Promise.all([
    wrapDataKey(ring, dataKey, binding),
    crypto.subtle.encrypt(aesGcm(iv, associatedData(binding)), dataKey, new TextEncoder().encode(plaintext)),
  ]);
  const content = [encode(iv), encode(new Uint8Array(ciphertext))];
  return { sealed: [FORMAT, ring.newest, wrapIv, wrapped, ...content].join("."), keyVersion: ring.newest };
}

/** A sealed text taken apart, with the key that its data key is wrapped by. */
interface Envelope {
  readonly keyVersion: number;
  readonly kek: CryptoKey;
  readonly wrapIv: string;
  readonly wrapped: string;
  readonly iv: string;
  readonly ciphertext: string;
}

function readEnvelope(sealed: string, { keys }: KeyRing): Envelope {
  const [format, version = "", wrapIv = "", wrapped = "", iv = "", ciphertext = "", ...rest] = sealed.split(".");
  if (format !== FORMAT || rest.length > 0) throw new Error("a sealed secret is not in a known format");
  const keyVersion = Number(version);
  const kek = keys.get(keyVersion);
  if (!kek) throw new Error("a sealed secret needs an envelope key that is not configured");
  return { keyVersion, kek, wrapIv, wrapped, iv, ciphertext };
}

/** The data key. To be wrapped anew it must be extractable; whoever only reads gets one that is not. */
function unwrapDataKey({ keyVersion, kek, wrapIv, wrapped }: Envelope, binding: SecretBinding, extractable: boolean): Promise<CryptoKey> {
  const wrapping = aesGcm(decode(wrapIv), associatedData(binding, keyVersion));
  return crypto.subtle.unwrapKey("raw", decode(wrapped), kek, wrapping, "AES-GCM", extractable, ["decrypt"]);
}

/**
 * Opens what {@link sealSecret} made for the same binding. Fails closed, without a word about the content: on an unknown key
 * version, another binding, a changed or unreadable text.
 */
export async function openSecret(env: EnvelopeEnv, sealed: string, binding: SecretBinding): Promise<string> {
  const envelope = readEnvelope(sealed, await keyRing(env));
  try {
    const dataKey = await unwrapDataKey(envelope, binding, false);
    const { iv, ciphertext } = envelope;
    const content = await crypto.subtle.decrypt(aesGcm(decode(iv), associatedData(binding)), dataKey, decode(ciphertext));
    return new TextDecoder().decode(content);
  } catch (error) {
    throw new Error("a sealed secret could not be opened", { cause: error });
  }
}

/**
 * Wraps the data key of a sealed secret by the newest configured key. The content is neither decrypted nor changed, so one
 * that was tampered with opens as little afterwards as before. A secret under the newest key already stays as it is. Fails
 * closed like {@link openSecret}: on an unknown key version, another binding, a changed wrapping.
 */
export async function rewrapSecret(env: EnvelopeEnv, sealed: string, binding: SecretBinding): Promise<SealedSecret> {
  const ring = await keyRing(env);
  const envelope = readEnvelope(sealed, ring);
  try {
    const dataKey = await unwrapDataKey(envelope, binding, true);
    if (envelope.keyVersion === ring.newest) return { sealed, keyVersion: ring.newest };
    const { wrapIv, wrapped } = await wrapDataKey(ring, dataKey, binding);
    return { sealed: [FORMAT, ring.newest, wrapIv, wrapped, envelope.iv, envelope.ciphertext].join("."), keyVersion: ring.newest };
  } catch (error) {
    throw new Error("a sealed secret could not be re-wrapped", { cause: error });
  }
}

/** The versions of the configured keys: the one that seals, and the others, which only open. */
export async function keyVersions(env: EnvelopeEnv): Promise<{ readonly newest: number; readonly others: readonly number[] }> {
  const { newest, keys } = await keyRing(env);
  return { newest, others: [...keys.keys()].filter((version) => version !== newest) };
}
