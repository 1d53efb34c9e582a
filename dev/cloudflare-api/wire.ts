import type {
  CustomHostnameDeleteResponse,
  CustomHostnameGetResponse,
  CustomHostnameListResponse,
} from "cloudflare/resources/custom-hostnames/custom-hostnames";
import type { FallbackOriginGetResponse } from "cloudflare/resources/custom-hostnames/fallback-origin";
import type { QuotaGetResponse } from "cloudflare/resources/custom-hostnames/quota";
import type { ApiAnswer } from "../api-double.ts";
import type { CustomHostname } from "./custom-hostname.ts";
import { delegationTarget, ownershipUrl, validationUrl } from "./lifecycle.ts";

type Result = CustomHostnameGetResponse | CustomHostnameDeleteResponse | FallbackOriginGetResponse | QuotaGetResponse;

/** An answer as every endpoint of the API gives it. */
export function success(status: number, result: Result): ApiAnswer {
  return { status, body: { result, success: true, errors: [], messages: [] } };
}

/** An error as every endpoint of the API tells it. */
export function failure(status: number, message: string, code = status === 404 ? 7003 : 1500): ApiAnswer {
  return { status, body: { result: null, success: false, errors: [{ code, message }], messages: [] } };
}

/** The codes of https://developers.cloudflare.com/cloudflare-for-platforms/cloudflare-for-saas/reference/status-codes/custom-hostnames/ */
export const REFUSALS = {
  undecodable: () => failure(400, "Unable to decode the JSON request body. Check your input and try again.", 1400),
  invalid: () => failure(400, "Invalid custom hostname. Custom hostnames have to be smaller than 256 characters in length.", 1407),
  nonAscii: () => failure(400, "Custom hostnames with non-ASCII characters are not supported. Check your input and try again.", 1408),
  reserved: () =>
    failure(400, "Reserved top domain custom hostnames, such as 'test', 'example', 'invalid' or 'localhost', is not supported.", 1409),
  example: () => failure(400, "Custom hostnames ending in example.com, example.net, or example.org are prohibited.", 1411),
  method: () => failure(400, "The validation method is not supported. Only `http`, `email`, or `txt` are accepted.", 1432),
  methodAndType: () => failure(400, "Both validation type and validation method are required. Check your input and try again.", 1440),
  filters: () => failure(400, "Cannot specify other filter parameters in addition to `id`. Only one must be specified.", 1438),
  notFound: () => failure(404, "The custom hostname was not found.", 1436),
  noQuota: () => failure(403, "No quota has been allocated for this zone.", 1404),
  quotaExceeded: () => failure(403, "Quota exceeded.", 1405),
  duplicate: () => failure(409, "Duplicate custom hostname found.", 1406),
  unauthenticated: () => failure(403, "Authentication error", 10000),
  noFallback: () => failure(404, "The fallback origin was not found.", 1551),
  tooMany: (seconds: number): ApiAnswer => ({
    ...failure(429, "Please wait and consider throttling your request speed", 971),
    headers: { "retry-after": String(seconds) },
  }),
} as const;

/** A page of custom hostnames; https://developers.cloudflare.com/api/resources/custom_hostnames/methods/list/ */
export function pageOf(items: readonly CustomHostnameListResponse[], query: URLSearchParams): ApiAnswer {
  const page = Math.max(1, Number(query.get("page") ?? 1) || 1);
  const perPage = Math.min(50, Math.max(5, Number(query.get("per_page") ?? 20) || 20));
  const result = items.slice((page - 1) * perPage, page * perPage);
  const result_info = {
    page,
    per_page: perPage,
    count: result.length,
    total_count: items.length,
    total_pages: Math.ceil(items.length / perPage),
  };
  return { status: 200, body: { result, result_info, success: true, errors: [], messages: [] } };
}

/** A custom hostname as the API shows it, in the shape that all of its endpoints share. */
export function onWire(hostname: CustomHostname, delegationId: string): CustomHostnameGetResponse & CustomHostnameListResponse {
  const { id, hostname: name, ownershipToken, status, createdAt } = hostname;
  const owned = status === "active";
  return {
    id,
    hostname: name,
    status,
    created_at: new Date(createdAt).toISOString(),
    ...(owned
      ? {}
      : {
          ownership_verification: { type: "txt", name: `_cf-custom-hostname.${name}`, value: ownershipToken },
          ownership_verification_http: { http_url: ownershipUrl(name, id), http_body: ownershipToken },
          verification_errors: status === "pending" || status === "moved" ? ["custom hostname does not CNAME to this zone."] : [],
        }),
    ssl: sslOnWire(hostname, delegationId),
  };
}

function sslOnWire({ hostname, ssl }: CustomHostname, delegationId: string): NonNullable<CustomHostnameGetResponse["ssl"]> {
  const delegation = { cname: `_acme-challenge.${hostname}`, cname_target: delegationTarget(hostname, delegationId), status: "pending" };
  const record =
    ssl.method === "http"
      ? { http_url: validationUrl(hostname, ssl.token), http_body: ssl.token }
      : { txt_name: `_acme-challenge.${hostname}`, txt_value: ssl.token };
  const waits = ssl.status === "pending_validation" || ssl.status === "validation_timed_out";
  return {
    id: ssl.id,
    type: "dv",
    method: ssl.method,
    status: ssl.status,
    wildcard: false,
    bundle_method: "ubiquitous",
    certificate_authority: "google",
    settings: { min_tls_version: ssl.minTlsVersion },
    ...(ssl.expiresAt === null
      ? {}
      : { hosts: [hostname], issuer: "GoogleTrustServices", expires_on: new Date(ssl.expiresAt).toISOString() }),
    ...(waits ? { validation_records: [{ status: "pending", ...record }], dcv_delegation_records: [delegation] } : {}),
    ...(waits && ssl.expiresAt !== null
      ? { validation_errors: [{ message: "SERVFAIL looking up CAA or the domain control record" }] }
      : {}),
  };
}
