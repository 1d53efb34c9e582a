CREATE TABLE "workspace_backups" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"kind" text NOT NULL,
	"status" text NOT NULL,
	"day" date,
	"engine" text,
	"bytes" bigint,
	"sha256" text,
	"tables" integer,
	"rows" bigint,
	"error" text,
	"taken_at" timestamp (3) with time zone,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"created_by" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "workspace_backups_kind_check" CHECK ("workspace_backups"."kind" IN ('manual', 'daily', 'final')),
	CONSTRAINT "workspace_backups_status_check" CHECK ("workspace_backups"."status" IN ('running', 'ready', 'failed', 'expired')),
	CONSTRAINT "workspace_backups_day_check" CHECK (("workspace_backups"."kind" = 'daily') = ("workspace_backups"."day" IS NOT NULL)),
	CONSTRAINT "workspace_backups_ready_check" CHECK ("workspace_backups"."status" <> 'ready' OR ("workspace_backups"."bytes" IS NOT NULL AND "workspace_backups"."sha256" IS NOT NULL AND "workspace_backups"."taken_at" IS NOT NULL))
);
--> statement-breakpoint
CREATE TABLE "workspace_restores" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"backup_id" text NOT NULL,
	"safety_backup_id" text,
	"status" text NOT NULL,
	"step" text,
	"error" text,
	"created_by" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "workspace_restores_status_check" CHECK ("workspace_restores"."status" IN ('running', 'completed', 'failed'))
);
--> statement-breakpoint
ALTER TABLE "billing_plans" ADD COLUMN "backup_days" integer DEFAULT 7 NOT NULL;--> statement-breakpoint
ALTER TABLE "workspace_backups" ADD CONSTRAINT "workspace_backups_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workspace_backups" ADD CONSTRAINT "workspace_backups_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workspace_restores" ADD CONSTRAINT "workspace_restores_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workspace_restores" ADD CONSTRAINT "workspace_restores_backup_id_workspace_backups_id_fk" FOREIGN KEY ("backup_id") REFERENCES "public"."workspace_backups"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workspace_restores" ADD CONSTRAINT "workspace_restores_safety_backup_id_workspace_backups_id_fk" FOREIGN KEY ("safety_backup_id") REFERENCES "public"."workspace_backups"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workspace_restores" ADD CONSTRAINT "workspace_restores_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "workspace_backups_workspace_idx" ON "workspace_backups" USING btree ("workspace_id","id");--> statement-breakpoint
CREATE INDEX "workspace_backups_expires_idx" ON "workspace_backups" USING btree ("status","expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "workspace_backups_day_key" ON "workspace_backups" USING btree ("workspace_id","day");--> statement-breakpoint
CREATE INDEX "workspace_restores_backup_idx" ON "workspace_restores" USING btree ("backup_id");--> statement-breakpoint
CREATE INDEX "workspace_restores_safety_idx" ON "workspace_restores" USING btree ("safety_backup_id");--> statement-breakpoint
CREATE UNIQUE INDEX "workspace_restores_running_key" ON "workspace_restores" USING btree ("workspace_id") WHERE "workspace_restores"."status" = 'running';--> statement-breakpoint
UPDATE "billing_plans" SET "backup_days" = 30 WHERE "code" = 'pro';--> statement-breakpoint
UPDATE "billing_plans" SET "backup_days" = 90 WHERE "code" = 'enterprise';
