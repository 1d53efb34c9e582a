import { z } from "zod";
import type { ApiAnswer, ApiRequest } from "../api-double.ts";
import { faultSchema } from "./faults.ts";
import type { CloudflareApi } from "./server.ts";

const clockSchema = z.strictObject({ advance_ms: z.number().int().nonnegative() });
const quotaSchema = z.strictObject({ allocated: z.number().int().nonnegative(), hard_cap: z.number().int().nonnegative() });

/**
 * What a test, or whoever tries something out, tells a double that runs in another process: `POST /__control/clock`,
 * `PUT` and `DELETE /__control/fault`, `PUT /__control/quota`, `GET /__control/requests`, `GET /__control/hostnames`.
 */
export function answerControl({ method, path, body }: ApiRequest, api: CloudflareApi): ApiAnswer {
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
    case "GET requests":
      return { status: 200, body: { requests: api.seen } };
    case "GET hostnames":
      return { status: 200, body: { hostnames: api.hostnames() } };
    default:
      return { status: 404, body: { error: "There is no such control" } };
  }
}
