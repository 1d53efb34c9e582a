import { z } from "zod";
import type { ApiAnswer, ApiRequest } from "../api-double.ts";
import type { HostnameStatus, SslStatus } from "./custom-hostname.ts";
import { faultSchema } from "./faults.ts";
import type { CloudflareApi } from "./server.ts";

const clockSchema = z.strictObject({ advance_ms: z.number().int().nonnegative() });
const quotaSchema = z.strictObject({ allocated: z.number().int().nonnegative(), hard_cap: z.number().int().nonnegative() });
const pinSchema = z.strictObject({
  hostname: z.string(),
  status: z.custom<HostnameStatus>((value) => typeof value === "string").optional(),
  ssl_status: z.custom<SslStatus>((value) => typeof value === "string").optional(),
  expires_at: z.iso.datetime().optional(),
});
const unpinSchema = z.strictObject({ hostname: z.string() });

/**
 * What a test, or whoever tries something out, tells a double that runs in another process: `POST clock`, `PUT` and `DELETE fault`,
 * `PUT quota`, `PUT` and `DELETE pin`, `GET requests`, `GET hostnames`, all below `/__control`. What cannot be taken gets 400.
 */
export function answerControl(request: ApiRequest, api: CloudflareApi): ApiAnswer {
  try {
    return obey(request, api);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    return { status: 400, body: { error: z.prettifyError(error) } };
  }
}

function obey({ method, path, body }: ApiRequest, api: CloudflareApi): ApiAnswer {
  switch (`${method} ${path.join("/")}`) {
    case "POST clock":
      api.clock.advance(clockSchema.parse(body).advance_ms);
      return { status: 200, body: { now: new Date(api.clock.now()).toISOString() } };
    case "PUT fault":
      api.fail(faultSchema.parse(body));
      return { status: 204 };
    case "DELETE fault":
      api.fail(null);
      return { status: 204 };
    case "PUT quota": {
      const { allocated, hard_cap: hardCap } = quotaSchema.parse(body);
      api.setQuota({ allocated, hardCap });
      return { status: 204 };
    }
    case "PUT pin":
      return pin(pinSchema.parse(body), api);
    case "DELETE pin":
      return pin({ ...unpinSchema.parse(body), lives: true }, api);
    case "GET requests":
      return { status: 200, body: { requests: api.seen } };
    case "GET hostnames":
      return { status: 200, body: { hostnames: api.hostnames() } };
    default:
      return { status: 404, body: { error: "There is no such control" } };
  }
}

function pin({ lives, ...wanted }: z.infer<typeof pinSchema> & { readonly lives?: true }, api: CloudflareApi): ApiAnswer {
  const { hostname, status, ssl_status: ssl, expires_at } = wanted;
  const found = api.hostnames().find((one) => one.hostname === hostname);
  if (!found) return { status: 404, body: { error: `There is no custom hostname ${hostname}` } };
  const statuses = {
    ...(status === undefined ? {} : { status }),
    ...(ssl === undefined ? {} : { ssl }),
    ...(expires_at === undefined ? {} : { expiresAt: Date.parse(expires_at) }),
  };
  api.pin(found.id, lives ? null : statuses);
  return { status: 204 };
}
