ALTER TABLE "billing_usage_events" ALTER COLUMN "app_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "workspace_databases" ADD COLUMN "storage_bytes" bigint;--> statement-breakpoint
ALTER TABLE "workspace_databases" ADD COLUMN "storage_limit" bigint;--> statement-breakpoint
ALTER TABLE "workspace_databases" ADD COLUMN "storage_measured_at" timestamp (3) with time zone;