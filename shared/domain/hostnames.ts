import { AppError } from "#platform/errors";

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/**
 * The form in which hostnames are stored and compared: lower case, punycode, no trailing dot (RFC 1123, RFC 5891).
 * Returns `null` for what is not a hostname of at least two labels: an address, a port, a wildcard, a path.
 */
export function normalizeHostname(text: string): string | null {
  const trimmed = text.trim().replace(/\.$/, "");
  if (trimmed === "" || /[\s/@:?#[\]\\*%]/.test(trimmed)) return null;
  const url = URL.parse(`http://${trimmed}/`);
  if (!url) return null;
  const labels = url.hostname.split(".");
  const valid = url.hostname.length <= 253 && labels.length >= 2 && labels.every((label) => LABEL.test(label));
  // A name that ends in a number is an IPv4 address to URL parsers, whatever it looked like.
  return valid && !/^\d+$/.test(labels.at(-1) ?? "") ? url.hostname : null;
}

/** The same, for input that must be one. */
export function requireHostname(text: string): string {
  const hostname = normalizeHostname(text);
  if (hostname !== null) return hostname;
  const message = "Must be a hostname of your own, such as shop.example.com, without scheme, port or path.";
  throw new AppError("validation_failed", `hostname: ${message}`, { faults: [{ path: "hostname", code: "invalid_hostname", message }] });
}
