/** Placeholder contract: owned by admission. */
export interface QuotaCounterApi {
  ping(): Promise<void>;
}
