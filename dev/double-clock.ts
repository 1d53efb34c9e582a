/** How time passes at a double: as on the wall, or only when it is told to. */
export type DoubleTime = "wall" | "manual";

export interface DoubleClock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Lets so many milliseconds pass at once. */
  advance(milliseconds: number): void;
}

const MANUAL_START = Date.UTC(2026, 0, 1);

export function createDoubleClock(time: DoubleTime): DoubleClock {
  let passed = 0;
  return {
    now: () => (time === "wall" ? Date.now() : MANUAL_START) + passed,
    advance(milliseconds) {
      passed += milliseconds;
    },
  };
}
