CREATE TABLE "invoice_payments" (
	"invoice_id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"reference" text,
	"status" text DEFAULT 'open' NOT NULL,
	"payment_url" text,
	"paid_elsewhere" boolean DEFAULT false NOT NULL,
	"due_at" timestamp (3) with time zone,
	"error" text,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "invoice_payments_reference_unique" UNIQUE("reference"),
	CONSTRAINT "invoice_payments_status_check" CHECK ("invoice_payments"."status" IN ('open', 'payment_failed', 'uncollectible', 'paid', 'void'))
);
--> statement-breakpoint
CREATE TABLE "meter_events" (
	"workspace_id" text NOT NULL,
	"meter" text NOT NULL,
	"hour" timestamp (3) with time zone NOT NULL,
	"sequence" integer NOT NULL,
	"quantity" bigint NOT NULL,
	"offered_at" timestamp (3) with time zone,
	"sent_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "meter_events_workspace_id_meter_hour_sequence_pk" PRIMARY KEY("workspace_id","meter","hour","sequence")
);
--> statement-breakpoint
CREATE TABLE "payment_customers" (
	"workspace_id" text PRIMARY KEY NOT NULL,
	"reference" text NOT NULL,
	"subscription" text,
	"price" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "payment_customers_reference_unique" UNIQUE("reference"),
	CONSTRAINT "payment_customers_subscription_unique" UNIQUE("subscription")
);
--> statement-breakpoint
CREATE TABLE "payment_events" (
	"id" text PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "invoice_payments" ADD CONSTRAINT "invoice_payments_invoice_id_invoices_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoices"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payment_customers" ADD CONSTRAINT "payment_customers_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "invoice_payments_due_idx" ON "invoice_payments" USING btree ("due_at") WHERE "invoice_payments"."due_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "meter_events_unsent_idx" ON "meter_events" USING btree ("hour") WHERE "meter_events"."sent_at" IS NULL;--> statement-breakpoint
CREATE INDEX "payment_events_received_idx" ON "payment_events" USING btree ("received_at");