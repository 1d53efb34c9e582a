import { AppError } from "#platform/errors";
import type { Region } from "#platform/placement";

/** Where a provider keeps the databases of each of our regions: its own names. What is European stays in the European Union. */
type ProviderRegions = Readonly<Record<Region, string>>;

/** https://neon.com/docs/introduction/regions */
export const NEON_REGIONS: ProviderRegions = {
  auto: "aws-us-east-1",
  eu: "aws-eu-central-1",
  wnam: "aws-us-west-2",
  enam: "aws-us-east-1",
  sam: "aws-sa-east-1",
  weur: "aws-eu-central-1",
  eeur: "aws-eu-central-1",
  apac: "aws-ap-southeast-1",
  oc: "aws-ap-southeast-2",
  afr: "aws-eu-central-1",
  me: "aws-eu-central-1",
};

/** https://planetscale.com/docs/concepts/regions */
export const PLANETSCALE_REGIONS: ProviderRegions = {
  auto: "us-east",
  eu: "eu-central",
  wnam: "us-west",
  enam: "us-east",
  sam: "aws-sa-east-1",
  weur: "eu-west",
  eeur: "eu-central",
  apac: "ap-southeast",
  oc: "aws-ap-southeast-2",
  afr: "eu-west",
  me: "eu-central",
};

/** A workspace's region in the provider's own name. Throws database_unavailable for one that the provider was given no place for: a guess could leave the law's reach. */
export function providerRegion(regions: ProviderRegions, region: string): string {
  const found = Object.entries(regions).find(([ours]) => ours === region)?.[1];
  if (found === undefined) throw new AppError("database_unavailable", `No place for databases is known in the region ${region}.`);
  return found;
}
