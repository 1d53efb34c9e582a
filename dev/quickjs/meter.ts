import { LOOP, readInstruction } from "./instructions.ts";
import { joined, signed, sized, unsigned, WasmReader } from "./wasm-binary.ts";

/*
 * Gives a WebAssembly module a store of fuel: an exported global, `fuel`, from which every call of a function and every turn
 * of a loop takes one, and copying or filling memory one for each 32 bytes. The module traps once it is empty. Nothing that
 * the module computes can be endless then, whatever it is and without a clock: Workers stop theirs while code computes.
 */

const MAGIC_AND_VERSION = 8;
const SECTION = { type: 1, import: 2, function: 3, global: 6, export: 7, code: 10 } as const;
const ORDER = [SECTION.type, SECTION.import, SECTION.function, SECTION.global, SECTION.export, SECTION.code];

const FUNCTION = 0x00;
const GLOBAL = 0x03;
const I32 = 0x7f;
const I32_MAX = 0x7fff_ffff;

/** What copies and fills memory at a stroke, and how far the number of bytes is shifted to tell what that costs. */
const BULK = [
  { extended: 0x0a, instruction: [0xfc, 0x0a, 0x00, 0x00] },
  { extended: 0x0b, instruction: [0xfc, 0x0b, 0x00] },
] as const;
const BYTES_SHIFT = 5;

interface Section {
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** Where in the module's index spaces the additions stand. */
interface Places {
  readonly fuel: number;
  /** The functions that do the bulk operations, by the second opcode. */
  readonly bulk: ReadonlyMap<number, number>;
}

export function meter(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = readSections(module);
  const bytesOf = (id: number) => {
    const found = sections.find((section) => section.id === id);
    if (!found) throw new Error(`the WebAssembly module has no section ${id}`);
    return found.bytes;
  };
  for (const id of ORDER) bytesOf(id);
  const imported = importedFunctions(bytesOf(SECTION.import));
  const functions = imported + countIn(bytesOf(SECTION.function));
  const places: Places = {
    fuel: countIn(bytesOf(SECTION.global)),
    bulk: new Map(BULK.map(({ extended }, index) => [extended, functions + index])),
  };
  const bulkType = countIn(bytesOf(SECTION.type));
  const changed = new Map<number, Uint8Array>([
    [SECTION.type, appended(bytesOf(SECTION.type), [[0x60, 3, I32, I32, I32, 0]])],
    [
      SECTION.function,
      appended(
        bytesOf(SECTION.function),
        BULK.map(() => unsigned(bulkType)),
      ),
    ],
    [SECTION.global, appended(bytesOf(SECTION.global), [[I32, 1, 0x41, ...signed(I32_MAX), 0x0b]])],
    [
      SECTION.export,
      appended(bytesOf(SECTION.export), [[...sized([...new TextEncoder().encode("fuel")]), GLOBAL, ...unsigned(places.fuel)]]),
    ],
    [SECTION.code, meteredCode(bytesOf(SECTION.code), places)],
  ]);
  return joined([module.subarray(0, MAGIC_AND_VERSION), ...sections.flatMap(({ id, bytes }) => [[id], sized(changed.get(id) ?? bytes)])]);
}

function readSections(module: Uint8Array): Section[] {
  const reader = new WasmReader(module);
  reader.take(MAGIC_AND_VERSION);
  const sections: Section[] = [];
  while (!reader.ended) sections.push({ id: reader.byte(), bytes: reader.take(reader.unsigned()) });
  return sections;
}

/** How many entries a section has that is a list. */
function countIn(section: Uint8Array): number {
  return new WasmReader(section).unsigned();
}

function appended(section: Uint8Array, entries: readonly (readonly number[])[]): Uint8Array {
  const reader = new WasmReader(section);
  const count = reader.unsigned();
  return joined([unsigned(count + entries.length), section.subarray(reader.position), ...entries]);
}

/** Counts the functions among the imports. A global among them would move the others, and there is none. */
function importedFunctions(section: Uint8Array): number {
  const reader = new WasmReader(section);
  let functions = 0;
  for (let left = reader.unsigned(); left > 0; left -= 1) {
    reader.take(reader.unsigned());
    reader.take(reader.unsigned());
    const kind = reader.byte();
    if (kind === GLOBAL) throw new Error("a WebAssembly module that imports globals cannot be metered");
    if (kind === FUNCTION) {
      functions += 1;
      reader.skipNumber();
      continue;
    }
    // A table says what it holds, and both tables and memories their limits.
    if (kind === 0x01) reader.byte();
    const bounded = (reader.byte() & 1) === 1;
    reader.skipNumber();
    if (bounded) reader.skipNumber();
  }
  return functions;
}

function meteredCode(section: Uint8Array, places: Places): Uint8Array {
  const reader = new WasmReader(section);
  const count = reader.unsigned();
  const bodies: Uint8Array[] = [];
  for (let left = count; left > 0; left -= 1) bodies.push(sized(meteredBody(reader.take(reader.unsigned()), places)));
  const added = BULK.map(({ instruction }) => sized(bulkBody(instruction, places)));
  return joined([unsigned(count + added.length), ...bodies, ...added]);
}

function meteredBody(body: Uint8Array, places: Places): Uint8Array {
  const reader = new WasmReader(body);
  for (let groups = reader.unsigned(); groups > 0; groups -= 1) {
    reader.skipNumber();
    reader.byte();
  }
  const one = charge([0x41, 1], places);
  const parts: (Uint8Array | readonly number[])[] = [reader.since(0), one];
  while (!reader.ended) {
    const start = reader.position;
    const { opcode, extended } = readInstruction(reader);
    const bulk = extended === undefined ? undefined : places.bulk.get(extended);
    parts.push(bulk === undefined ? reader.since(start) : [0x10, ...unsigned(bulk)]);
    if (opcode === LOOP) parts.push(one);
  }
  return joined(parts);
}

/** A function (address, address or value, bytes) that pays for the operation before it does it. */
function bulkBody(instruction: readonly number[], places: Places): Uint8Array {
  const cost = [0x20, 2, 0x41, BYTES_SHIFT, 0x76]; // local.get 2, i32.const, i32.shr_u
  return joined([[0], charge(cost, places), [0x20, 0, 0x20, 1, 0x20, 2], instruction, [0x0b]]);
}

/** `fuel -= amount; if (fuel < 0) trap` */
function charge(amount: readonly number[], { fuel }: Places): number[] {
  const global = unsigned(fuel);
  return [
    ...[0x23, ...global, ...amount, 0x6b, 0x24, ...global], // global.get, amount, i32.sub, global.set
    ...[0x23, ...global, 0x41, 0, 0x48, 0x04, 0x40, 0x00, 0x0b], // global.get, i32.const 0, i32.lt_s, if, unreachable, end
  ];
}
