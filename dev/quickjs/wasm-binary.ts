/** Reads a WebAssembly binary from its beginning to its end (WebAssembly Core Specification 2.0, chapter 5). */
export class WasmReader {
  readonly #bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.position >= this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.position];
    if (value === undefined) throw new Error("the WebAssembly binary ends too early");
    this.position += 1;
    return value;
  }

  /** An unsigned LEB128 number of up to 32 bits. */
  unsigned(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const part = this.byte();
      value |= (part & 0x7f) << shift;
      if (part < 0x80) return value >>> 0;
    }
  }

  /** Passes over a LEB128 number of any width. */
  skipNumber(): void {
    while (this.byte() >= 0x80) {}
  }

  take(length: number): Uint8Array {
    const taken = this.#bytes.subarray(this.position, this.position + length);
    if (taken.length < length) throw new Error("the WebAssembly binary ends too early");
    this.position += length;
    return taken;
  }

  /** The bytes from a position up to here. */
  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.position);
  }
}

/** An unsigned LEB128 number. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const part = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? part : part | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** A signed LEB128 number of 32 bits. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const part = rest & 0x7f;
    rest >>= 7;
    const last = (rest === 0 && part < 0x40) || (rest === -1 && part >= 0x40);
    bytes.push(last ? part : part | 0x80);
    if (last) return bytes;
  }
}

/** Bytes behind their own length. */
export function sized(bytes: Uint8Array | readonly number[]): Uint8Array {
  return joined([unsigned(bytes.length), bytes]);
}

export function joined(parts: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}
