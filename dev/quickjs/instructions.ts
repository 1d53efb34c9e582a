import type { WasmReader } from "./wasm-binary.ts";

export const LOOP = 0x03;

/** Instructions with LEB128 numbers behind them, and how many. Loads and stores have two. */
const NUMBERS: Readonly<Record<number, number>> = {
  2: 1, // block
  [LOOP]: 1,
  4: 1, // if
  12: 1, // br
  13: 1, // br_if
  16: 1, // call
  17: 2, // call_indirect
  32: 1, // local.get
  33: 1, // local.set
  34: 1, // local.tee
  35: 1, // global.get
  36: 1, // global.set
  37: 1, // table.get
  38: 1, // table.set
  63: 1, // memory.size
  64: 1, // memory.grow
  65: 1, // i32.const
  66: 1, // i64.const
  208: 1, // ref.null
  210: 1, // ref.func
};

/** The same for those behind 0xfc. The first eight, conversions that saturate, have none. */
const EXTENDED_NUMBERS: Readonly<Record<number, number>> = {
  8: 2, // memory.init
  9: 1, // data.drop
  10: 2, // memory.copy
  11: 1, // memory.fill
  12: 2, // table.init
  13: 1, // elem.drop
  14: 2, // table.copy
  15: 1, // table.grow
  16: 1, // table.size
  17: 1, // table.fill
};

export interface Instruction {
  readonly opcode: number;
  /** The second opcode, for those behind 0xfc. */
  readonly extended: number | undefined;
}

/** Passes over one instruction, its immediates included. Throws for those of proposals that no build of QuickJS uses. */
export function readInstruction(reader: WasmReader): Instruction {
  const opcode = reader.byte();
  const extended = opcode === 0xfc ? reader.unsigned() : undefined;
  const numbers = extended === undefined ? plainNumbers(opcode, reader) : extended < 8 ? 0 : EXTENDED_NUMBERS[extended];
  if (numbers === undefined) throw new Error(`the WebAssembly instruction ${opcode} ${extended ?? ""} is not known`);
  for (let left = numbers; left > 0; left -= 1) reader.skipNumber();
  return { opcode, extended };
}

function plainNumbers(opcode: number, reader: WasmReader): number | undefined {
  if (opcode === 0x0e) return reader.unsigned() + 1; // br_table
  if (opcode === 0x43) reader.take(4); // f32.const
  if (opcode === 0x44) reader.take(8); // f64.const
  if (opcode >= 0x28 && opcode <= 0x3e) return 2; // loads and stores
  return NUMBERS[opcode] ?? (isBare(opcode) ? 0 : undefined);
}

/** unreachable, nop, else, end, return, drop, select; constants read already; arithmetic; ref.is_null. */
function isBare(opcode: number): boolean {
  return [0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b, 0x43, 0x44, 0xd1].includes(opcode) || (opcode >= 0x45 && opcode <= 0xc4);
}
