import type { Fault } from "#platform/errors";

export const ACCESS_MODES = ["private", "public_auth", "public_anonymous", "password", "api_key"] as const;
/** How callers prove that they may use an app. */
export type AccessMode = (typeof ACCESS_MODES)[number];

export const DATA_CLASSIFICATIONS = ["public", "internal", "confidential", "restricted"] as const;
/** How far the data that an app works with may get around, from anybody to a few. */
export type DataClassification = (typeof DATA_CLASSIFICATIONS)[number];

/** Who may use an app of each class: a shared password names nobody, so that it is as good as none for internal data. */
const MODES: Readonly<Record<DataClassification, readonly AccessMode[]>> = {
  public: ACCESS_MODES,
  internal: ["private", "public_auth", "api_key"],
  confidential: ["private", "api_key"],
  restricted: ["private"],
};

export interface Classified {
  readonly access_mode: AccessMode;
  readonly data_classification: DataClassification;
}

/** Whether an app of this class may be open in this way at all. */
export function isModeAllowed({ access_mode, data_classification }: Classified): boolean {
  return MODES[data_classification].includes(access_mode);
}

/** What is wrong with a policy whose mode is wider than its class; `at` is the path of the policy. */
export function classificationFaults(policy: Classified, at = ""): Fault[] {
  if (isModeAllowed(policy)) return [];
  const { data_classification } = policy;
  const message = `An app with ${data_classification} data may be ${MODES[data_classification].join(", ")}; not ${policy.access_mode}.`;
  return [{ path: `${at}access_mode`, code: "wider_than_classification", message }];
}
