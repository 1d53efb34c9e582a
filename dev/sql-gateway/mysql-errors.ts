import { z } from "zod";

/** An error of the server, as the `mariadb` connector throws it; the connector's own have numbers from 45000 up. */
const serverError = z.object({ errno: z.number().max(44_999), sqlState: z.string(), sqlMessage: z.string() });

interface ErrorKind {
  readonly code: string;
  readonly grpc: string;
}

const UNKNOWN: ErrorKind = { code: "UNKNOWN", grpc: "Unknown" };
const KINDS: Readonly<Record<number, ErrorKind>> = {
  1062: { code: "ALREADY_EXISTS", grpc: "AlreadyExists" },
  1050: { code: "ALREADY_EXISTS", grpc: "AlreadyExists" },
  1007: { code: "ALREADY_EXISTS", grpc: "AlreadyExists" },
  1054: { code: "NOT_FOUND", grpc: "NotFound" },
  1146: { code: "NOT_FOUND", grpc: "NotFound" },
  1049: { code: "NOT_FOUND", grpc: "NotFound" },
  1064: { code: "INVALID_ARGUMENT", grpc: "InvalidArgument" },
  1048: { code: "INVALID_ARGUMENT", grpc: "InvalidArgument" },
  1406: { code: "INVALID_ARGUMENT", grpc: "InvalidArgument" },
  1044: { code: "PERMISSION_DENIED", grpc: "PermissionDenied" },
  1142: { code: "PERMISSION_DENIED", grpc: "PermissionDenied" },
  1143: { code: "PERMISSION_DENIED", grpc: "PermissionDenied" },
  1205: { code: "ABORTED", grpc: "Aborted" },
  1213: { code: "ABORTED", grpc: "Aborted" },
  1317: { code: "CANCELED", grpc: "Canceled" },
  1969: { code: "DEADLINE_EXCEEDED", grpc: "DeadlineExceeded" },
  3024: { code: "DEADLINE_EXCEEDED", grpc: "DeadlineExceeded" },
  1040: { code: "RESOURCE_EXHAUSTED", grpc: "ResourceExhausted" },
};
const ACCESS_DENIED = 1045;

export interface PlanetscaleFailure {
  readonly status: number;
  readonly error: { readonly code: string; readonly message: string };
}

/** An error as PlanetScale answers it: 200 with an error object for what MySQL refused, 401 for wrong credentials, 503 for a server that is away. */
export function planetscaleFailure(error: unknown, user: string): PlanetscaleFailure {
  const refused = serverError.safeParse(error);
  if (!refused.success) {
    const message = error instanceof Error ? error.message : String(error);
    return { status: 503, error: { code: "UNAVAILABLE", message: `the database is not available: ${message}` } };
  }
  const { errno, sqlState, sqlMessage } = refused.data;
  if (errno === ACCESS_DENIED) return { status: 401, error: { code: "UNAUTHENTICATED", message: `Access denied for user ${user}` } };
  const kind = KINDS[errno] ?? UNKNOWN;
  return {
    status: 200,
    error: {
      code: kind.code,
      message: `target: agentflow.-.primary: vttablet: rpc error: code = ${kind.grpc} desc = ${sqlMessage} (errno ${errno}) (sqlstate ${sqlState}) (CallerID: ${user})`,
    },
  };
}
