/** Placeholder contract: owned by the database service. */
export interface DatabasePoolApi {
  ping(): Promise<void>;
}
