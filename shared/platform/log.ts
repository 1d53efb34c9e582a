import { errorCode, errorMessage } from "#platform/errors";

export type LogFields = Readonly<Record<string, unknown>>;

/** One JSON object a line, which Workers observability indexes by field. Never pass secrets or visitors' text. */
export interface Logger {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, error: unknown, fields?: LogFields): void;
  with(fields: LogFields): Logger;
}

/** A failed query names its parameters, which may be hashes, tokens or what a visitor wrote. They stay out of the log. */
function withoutParameters(text: string): string {
  return text.replace(/\nparams: .*?(?=\n {4}at |$)/gs, "");
}

function describe(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: errorMessage(error) };
  const cause = error.cause === undefined ? {} : { cause: withoutParameters(errorMessage(error.cause)) };
  return { error: withoutParameters(error.message), code: errorCode(error), stack: withoutParameters(error.stack ?? ""), ...cause };
}

export function createLogger(base: LogFields = {}): Logger {
  const write = (level: "info" | "warn" | "error", message: string, fields: LogFields) =>
    console[level](JSON.stringify({ level, message, ...base, ...fields }));
  return {
    info: (message, fields = {}) => write("info", message, fields),
    warn: (message, fields = {}) => write("warn", message, fields),
    error: (message, error, fields = {}) => write("error", message, { ...describe(error), ...fields }),
    with: (fields) => createLogger({ ...base, ...fields }),
  };
}
