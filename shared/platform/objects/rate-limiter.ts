/** Placeholder contract: owned by admission. */
export interface RateLimiterApi {
  ping(): Promise<void>;
}
