-- The plans on offer. Limits are units a month; null is unlimited. Overage is in micro-units of the currency a unit.
INSERT INTO "billing_plans" ("code", "name", "position", "currency", "price_minor", "limits", "overage_micros") VALUES
  ('free', 'Free', 1, 'USD', 0,
    '{"requests": 10000, "tokens": 1000000, "db_storage_bytes": 524288000, "egress_bytes": 5368709120, "run_ms": null}', '{}'),
  ('pro', 'Pro', 2, 'USD', 2900,
    '{"requests": 200000, "tokens": 20000000, "db_storage_bytes": 10737418240, "egress_bytes": 107374182400, "run_ms": null}',
    '{"requests": 200, "tokens": 10, "db_storage_bytes": 0, "egress_bytes": 0}'),
  ('enterprise', 'Enterprise', 3, 'USD', 29900,
    '{"requests": null, "tokens": null, "db_storage_bytes": null, "egress_bytes": null, "run_ms": null}', '{}')
ON CONFLICT ("code") DO NOTHING;
