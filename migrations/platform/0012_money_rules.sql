INSERT INTO "usage_watermark" ("only", "position", "ahead") VALUES (true, 0, 0) ON CONFLICT DO NOTHING;
--> statement-breakpoint
-- Pay as you go: a little is included, and every unit above it has its price. Plans stand in the order of what they take on.
INSERT INTO "billing_plans" ("code", "name", "position", "currency", "price_minor", "limits", "overage_micros", "backup_days") VALUES
  ('payg', 'Pay as you go', 2, 'USD', 0,
    '{"requests": 10000, "tokens": 1000000, "db_storage_bytes": 524288000, "egress_bytes": 5368709120, "run_ms": null}',
    '{"requests": 200, "tokens": 10, "db_storage_bytes": 0, "egress_bytes": 0}', 7)
ON CONFLICT ("code") DO NOTHING;
--> statement-breakpoint
UPDATE "billing_plans" SET "position" = CASE "code" WHEN 'pro' THEN 3 ELSE 4 END WHERE "code" IN ('pro', 'enterprise');
--> statement-breakpoint
-- A meter with a price goes on above what the plan includes.
UPDATE "workspace_quotas" SET "limits" = "workspace_quotas"."limits" || coalesce(
  (SELECT jsonb_object_agg("key", NULL) FROM jsonb_each("billing_plans"."overage_micros")), '{}')
FROM "billing_plans" WHERE "billing_plans"."code" = "workspace_quotas"."plan_code";
--> statement-breakpoint
INSERT INTO "plan_segments" ("workspace_id", "starts_at", "period_start", "terms")
SELECT "workspace_id", "period_start", "period_start", jsonb_build_object('code', "code", 'name', "name", 'currency', "currency",
  'price_minor', "price_minor", 'limits', "billing_plans"."limits", 'overage_micros', "overage_micros")
FROM "workspace_quotas" JOIN "billing_plans" ON "code" = "plan_code" ON CONFLICT DO NOTHING;
--> statement-breakpoint
-- What is written in the books stays as it is: a mistake is put right by another row.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER "billing_usage_events_immutable" BEFORE UPDATE OR DELETE ON "billing_usage_events" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER "invoice_lines_immutable" BEFORE UPDATE OR DELETE ON "invoice_lines" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER "credit_notes_immutable" BEFORE UPDATE OR DELETE ON "credit_notes" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER "invoices_kept" BEFORE DELETE ON "invoices" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER "invoices_immutable" BEFORE UPDATE ON "invoices" FOR EACH ROW
  WHEN (to_jsonb(NEW) - 'status' - 'paid_at' IS DISTINCT FROM to_jsonb(OLD) - 'status' - 'paid_at') EXECUTE FUNCTION refuse_change();
