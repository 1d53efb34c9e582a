import { textOf } from "./scope.ts";

/** What a chart is drawn from: rows, and the columns that name and measure them. */
export interface ChartSpec {
  readonly kind: "bar" | "line" | "pie";
  readonly x: string;
  readonly y: string;
}

interface Point {
  readonly label: string;
  readonly value: number;
}

/** More than this cannot be told apart; the table below the chart has them all. */
const MAX_POINTS = 60;
const WIDTH = 600;
const ROW = 34;
const LABEL = 150;
const HEIGHT = 240;

function pointsOf(rows: readonly Record<string, unknown>[], { x, y }: ChartSpec): Point[] {
  return rows
    .map((row) => ({ label: textOf(row[x]), value: Number(row[y]) }))
    .filter(({ value }) => Number.isFinite(value))
    .slice(0, MAX_POINTS);
}

function shorten(label: string): string {
  return label.length > 20 ? `${label.slice(0, 19)}…` : label;
}

/** Horizontal bars on a common base line, which lies inside the drawing when values are negative. */
function Bars({ points }: { points: readonly Point[] }) {
  const low = Math.min(0, ...points.map(({ value }) => value));
  const high = Math.max(0, ...points.map(({ value }) => value));
  const space = WIDTH - LABEL - 70;
  const scale = (value: number) => LABEL + ((value - low) / (high - low || 1)) * space;
  return (
    <svg class="chart" viewBox={`0 0 ${WIDTH} ${points.length * ROW}`} aria-hidden="true">
      {points.map(({ label, value }, index) => {
        const [from, to] = [scale(Math.min(0, value)), scale(Math.max(0, value))];
        const middle = index * ROW + ROW / 2;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: points have no names, and are drawn anew as a whole
          <g key={index}>
            <text x={LABEL - 12} y={middle} text-anchor="end" dominant-baseline="central">
              {shorten(label)}
            </text>
            <rect class="mark" x={from} y={middle - 10} width={Math.max(2, to - from)} height={20} rx={5} />
            <text class="value" x={to + 10} y={middle} dominant-baseline="central">
              {String(value)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

function Line({ points }: { points: readonly Point[] }) {
  const values = points.map(({ value }) => value);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const x = (index: number) => 12 + (index / Math.max(1, points.length - 1)) * (WIDTH - 24);
  const y = (value: number) => 16 + (1 - (value - low) / (high - low || 1)) * (HEIGHT - 56);
  const [first, last] = [points[0], points.at(-1)];
  return (
    <svg class="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <line class="axis" x1={0} x2={WIDTH} y1={y(0)} y2={y(0)} />
      <polyline class="stroke" points={points.map(({ value }, index) => `${x(index)},${y(value)}`).join(" ")} />
      {points.map(({ value }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: points have no names, and are drawn anew as a whole
        <circle key={index} class="mark" cx={x(index)} cy={y(value)} r={4} />
      ))}
      <text x={8} y={HEIGHT - 10}>
        {shorten(first?.label ?? "")}
      </text>
      <text x={WIDTH - 8} y={HEIGHT - 10} text-anchor="end">
        {points.length > 1 ? shorten(last?.label ?? "") : ""}
      </text>
    </svg>
  );
}

/** A ring of dashes: each part is a dash as long as its share of the circumference. */
function Pie({ points }: { points: readonly Point[] }) {
  const parts = points.filter(({ value }) => value > 0);
  const total = parts.reduce((sum, { value }) => sum + value, 0) || 1;
  const length = 2 * Math.PI * 70;
  let passed = 0;
  return (
    <svg class="chart" viewBox={`0 0 ${WIDTH} ${Math.max(220, parts.length * 26 + 20)}`} aria-hidden="true">
      {parts.map(({ label, value }, index) => {
        const share = value / total;
        const start = passed;
        passed += share;
        const tone = 1 - (index / Math.max(1, parts.length)) * 0.8;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: points have no names, and are drawn anew as a whole
          <g key={index}>
            <circle
              class="stroke ring"
              opacity={tone}
              cx={110}
              cy={110}
              r={70}
              stroke-dasharray={`${Math.max(0, share * length - 2)} ${length}`}
              stroke-dashoffset={-start * length}
              transform="rotate(-90 110 110)"
            />
            <rect class="mark" opacity={tone} x={230} y={index * 26 + 14} width={12} height={12} rx={3} />
            <text x={252} y={index * 26 + 20} dominant-baseline="central">
              {`${shorten(label)} · ${value} (${Math.round(share * 100)} %)`}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

const DRAWINGS = { bar: Bars, line: Line, pie: Pie };

/** A drawing for the eye. What it says stands in a table after it, for everybody else. */
export function Chart({ rows, spec }: { rows: readonly Record<string, unknown>[]; spec: ChartSpec }) {
  const Drawing = DRAWINGS[spec.kind];
  const points = pointsOf(rows, spec);
  return points.length === 0 ? null : <Drawing points={points} />;
}
