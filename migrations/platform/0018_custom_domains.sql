CREATE TABLE "api_budgets" (
	"name" text PRIMARY KEY NOT NULL,
	"tokens" double precision NOT NULL,
	"filled_at" timestamp (3) with time zone NOT NULL,
	"blocked_until" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "app_domains" DROP CONSTRAINT "app_domains_hostname_unique";--> statement-breakpoint
ALTER TABLE "app_domains" DROP CONSTRAINT "app_domains_status_check";--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "version_id" text;--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "in_service" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "activated_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "canonical" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "redirects" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "previous_app_id" text;--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "previous_version_id" text;--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "switched_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "certificate_method" text DEFAULT 'http' NOT NULL;--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "custom_hostname" jsonb;--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "dns" jsonb;--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "next_step" jsonb;--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "notices" jsonb;--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "checked_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "next_check_at" timestamp (3) with time zone DEFAULT now();--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "checks" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "away_checks" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "checking_until" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "removed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "app_domains" ADD COLUMN "released_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "app_domains" ADD CONSTRAINT "app_domains_version_id_app_versions_id_fk" FOREIGN KEY ("version_id") REFERENCES "public"."app_versions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "app_domains" ADD CONSTRAINT "app_domains_previous_app_id_apps_id_fk" FOREIGN KEY ("previous_app_id") REFERENCES "public"."apps"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "app_domains" ADD CONSTRAINT "app_domains_previous_version_id_app_versions_id_fk" FOREIGN KEY ("previous_version_id") REFERENCES "public"."app_versions"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "app_domains_live_hostname_key" ON "app_domains" USING btree ("hostname") WHERE "app_domains"."status" <> 'removed';--> statement-breakpoint
CREATE UNIQUE INDEX "app_domains_canonical_key" ON "app_domains" USING btree ("app_id") WHERE "app_domains"."canonical" AND "app_domains"."status" <> 'removed';--> statement-breakpoint
CREATE INDEX "app_domains_due_idx" ON "app_domains" USING btree ("next_check_at");--> statement-breakpoint
CREATE INDEX "app_domains_removed_idx" ON "app_domains" USING btree ("hostname","removed_at") WHERE "app_domains"."status" = 'removed';--> statement-breakpoint
ALTER TABLE "app_domains" ADD CONSTRAINT "app_domains_certificate_method_check" CHECK ("app_domains"."certificate_method" IN ('http', 'txt', 'delegated'));--> statement-breakpoint
ALTER TABLE "app_domains" ADD CONSTRAINT "app_domains_redirect_check" CHECK (NOT ("app_domains"."canonical" AND "app_domains"."redirects"));--> statement-breakpoint
ALTER TABLE "app_domains" ADD CONSTRAINT "app_domains_removed_check" CHECK (("app_domains"."status" = 'removed') = ("app_domains"."removed_at" IS NOT NULL));--> statement-breakpoint
ALTER TABLE "app_domains" ADD CONSTRAINT "app_domains_status_check" CHECK ("app_domains"."status" IN ('pending', 'verifying', 'verified', 'issuing', 'active', 'failed', 'action_needed', 'moved', 'removed'));--> statement-breakpoint
ALTER TABLE "app_domains" DROP COLUMN "ssl_status";