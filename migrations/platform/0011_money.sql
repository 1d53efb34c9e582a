CREATE TABLE "billing_profiles" (
	"workspace_id" text PRIMARY KEY NOT NULL,
	"customer_name" text DEFAULT '' NOT NULL,
	"address" text DEFAULT '' NOT NULL,
	"tax_id" text DEFAULT '' NOT NULL,
	"email" text DEFAULT '' NOT NULL,
	"time_zone" text DEFAULT 'UTC' NOT NULL,
	"anchor_day" integer DEFAULT 1 NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "billing_profiles_anchor_check" CHECK ("billing_profiles"."anchor_day" BETWEEN 1 AND 31)
);
--> statement-breakpoint
CREATE TABLE "plan_segments" (
	"workspace_id" text NOT NULL,
	"starts_at" timestamp (3) with time zone NOT NULL,
	"period_start" timestamp (3) with time zone NOT NULL,
	"terms" jsonb NOT NULL,
	CONSTRAINT "plan_segments_workspace_id_starts_at_pk" PRIMARY KEY("workspace_id","starts_at"),
	CONSTRAINT "plan_segments_start_check" CHECK ("plan_segments"."period_start" <= "plan_segments"."starts_at")
);
--> statement-breakpoint
CREATE TABLE "credit_notes" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"invoice_id" text NOT NULL,
	"number" text NOT NULL,
	"amount_minor" bigint NOT NULL,
	"tax_minor" bigint NOT NULL,
	"reason" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "credit_notes_number_unique" UNIQUE("number"),
	CONSTRAINT "credit_notes_amount_check" CHECK ("credit_notes"."amount_minor" > 0)
);
--> statement-breakpoint
CREATE TABLE "document_numbers" (
	"series" text PRIMARY KEY NOT NULL,
	"last" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "invoice_lines" (
	"invoice_id" text NOT NULL,
	"line" integer NOT NULL,
	"workspace_id" text NOT NULL,
	"kind" text NOT NULL,
	"plan_name" text,
	"meter" text,
	"covers_start" timestamp (3) with time zone NOT NULL,
	"covers_end" timestamp (3) with time zone NOT NULL,
	"used" bigint,
	"included" bigint,
	"billable" bigint,
	"unit_price_micros" bigint,
	"amount_minor" bigint NOT NULL,
	CONSTRAINT "invoice_lines_invoice_id_line_pk" PRIMARY KEY("invoice_id","line")
);
--> statement-breakpoint
CREATE TABLE "usage_hours" (
	"workspace_id" text NOT NULL,
	"app_id" text,
	"meter" text NOT NULL,
	"hour" timestamp (3) with time zone NOT NULL,
	"quantity" bigint NOT NULL,
	"events" bigint NOT NULL,
	"watermark" bigint NOT NULL,
	CONSTRAINT "usage_hours_key" UNIQUE NULLS NOT DISTINCT("workspace_id","hour","meter","app_id")
);
--> statement-breakpoint
CREATE TABLE "usage_watermark" (
	"only" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"position" bigint NOT NULL,
	"ahead" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "billing_usage_events" ADD COLUMN "reason" text;--> statement-breakpoint
ALTER TABLE "billing_usage_events" ADD COLUMN "position" bigint DEFAULT ledger_position() NOT NULL;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "time_zone" text DEFAULT 'UTC' NOT NULL;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "customer" jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "tax_basis_points" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "paid_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "workspace_quotas" ADD COLUMN "full_ms" bigint;--> statement-breakpoint
ALTER TABLE "workspace_quotas" ADD COLUMN "next_plan_code" text;--> statement-breakpoint
ALTER TABLE "workspace_quotas" ADD COLUMN "rated_to" bigint;--> statement-breakpoint
ALTER TABLE "billing_profiles" ADD CONSTRAINT "billing_profiles_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "plan_segments" ADD CONSTRAINT "plan_segments_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_notes" ADD CONSTRAINT "credit_notes_invoice_id_invoices_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice_lines" ADD CONSTRAINT "invoice_lines_invoice_id_invoices_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "credit_notes_invoice_idx" ON "credit_notes" USING btree ("workspace_id","invoice_id");--> statement-breakpoint
CREATE INDEX "invoice_lines_covers_idx" ON "invoice_lines" USING btree ("workspace_id","meter","covers_start");--> statement-breakpoint
CREATE INDEX "usage_hours_changed_idx" ON "usage_hours" USING btree ("workspace_id","watermark");--> statement-breakpoint
ALTER TABLE "workspace_quotas" ADD CONSTRAINT "workspace_quotas_next_plan_code_billing_plans_code_fk" FOREIGN KEY ("next_plan_code") REFERENCES "public"."billing_plans"("code") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "billing_usage_events_position_idx" ON "billing_usage_events" USING btree ("position");--> statement-breakpoint
CREATE INDEX "invoices_workspace_idx" ON "invoices" USING btree ("workspace_id","id");--> statement-breakpoint
CREATE INDEX "workspace_quotas_unrated_idx" ON "workspace_quotas" USING btree ("period_end") WHERE "workspace_quotas"."rated_to" IS NULL;--> statement-breakpoint
ALTER TABLE "billing_usage_events" ADD CONSTRAINT "billing_usage_events_quantity_check" CHECK ("billing_usage_events"."quantity" >= 0 OR "billing_usage_events"."reason" IS NOT NULL);--> statement-breakpoint
CREATE VIEW "public"."usage_by_hour" AS (
  SELECT workspace_id, app_id, meter, hour, quantity, events FROM usage_hours
  UNION ALL
  SELECT workspace_id, app_id, meter, date_trunc('hour', occurred_at, 'UTC'), quantity, 1::bigint FROM billing_usage_events
  WHERE position >= (SELECT position FROM usage_watermark));