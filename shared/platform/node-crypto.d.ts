/** The part of Node's crypto that Workers provide and the project uses; its Workers code has no other Node types. */
declare module "node:crypto" {
  export function scrypt(
    password: string,
    salt: Uint8Array,
    keyLength: number,
    options: { readonly N: number; readonly r: number; readonly p: number },
    callback: (error: Error | null, key: Uint8Array<ArrayBuffer>) => void,
  ): void;
  interface Hash {
    update(data: Uint8Array): Hash;
    digest(encoding: "hex"): string;
  }
  export function createHash(algorithm: "sha256"): Hash;
  export function timingSafeEqual(left: Uint8Array, right: Uint8Array): boolean;
}
