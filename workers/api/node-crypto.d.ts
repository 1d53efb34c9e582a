/** The part of Node's crypto that Workers provide and the sign-in uses; the project's Workers code has no other Node types. */
declare module "node:crypto" {
  export function scrypt(
    password: string,
    salt: Uint8Array,
    keyLength: number,
    options: { readonly N: number; readonly r: number; readonly p: number },
    callback: (error: Error | null, key: Uint8Array<ArrayBuffer>) => void,
  ): void;
  export function timingSafeEqual(left: Uint8Array, right: Uint8Array): boolean;
}
