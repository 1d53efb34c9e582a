import type { ImportReport } from "#database";

/** Bytes of a file that are taken in before they are wanted. */
const READ_AHEAD_BYTES = 8 * 1024 * 1024;

/** How reports are written to whoever wants to follow them. */
export interface ReportFormat {
  readonly type: string;
  line(report: ImportReport): string;
}

const EVENTS: ReportFormat = {
  type: "text/event-stream",
  line: (report) => `event: import.${report.status === "running" ? "progress" : "finished"}\ndata: ${JSON.stringify(report)}\n\n`,
};
const LINES: ReportFormat = { type: "application/x-ndjson", line: (report) => `${JSON.stringify(report)}\n` };

/** What the caller accepts, or `undefined` where only the last report is wanted. */
export function reportFormat(accept: string): ReportFormat | undefined {
  if (accept.includes(EVENTS.type)) return EVENTS;
  return accept.includes(LINES.type) ? LINES : undefined;
}

/** Lets an import run to its end and gives its last report. */
export async function lastReport(reports: AsyncIterable<ImportReport>): Promise<ImportReport> {
  let last: ImportReport = { status: "completed", imported: 0, next_row: null, error: null };
  for await (const report of reports) last = report;
  return last;
}

/** A body that is taken in before it is wanted, so far as there is room; `ended` resolves when all of it is. */
export function readAhead(body: ReadableStream<Uint8Array>) {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const room = new ByteLengthQueuingStrategy({ highWaterMark: READ_AHEAD_BYTES });
  const stream = body.pipeThrough(new TransformStream<Uint8Array, Uint8Array>({ flush: () => resolve() }, undefined, room));
  return { stream, ended };
}

/**
 * The reports as they come. The import goes on whether they are read or not. `over` resolves when it has ended: on the way to some
 * callers a request whose answer has begun is not carried any further, so that an answer may begin only when the whole file is in.
 */
export function reportStream(reports: AsyncGenerator<ImportReport>, { line }: ReportFormat) {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const encoder = new TextEncoder();
  const tell = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    try {
      for await (const report of reports) controller.enqueue(encoder.encode(line(report)));
      controller.close();
    } catch (error) {
      controller.error(error);
    } finally {
      resolve();
    }
  };
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      void tell(controller);
    },
    async cancel() {
      await reports.return(undefined);
    },
  });
  return { stream, over };
}
