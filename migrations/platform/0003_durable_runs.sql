CREATE TABLE "app_signing_secrets" (
	"app_id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"sealed_secret" text NOT NULL,
	"key_version" integer NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "dead_letters" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text,
	"queue" text NOT NULL,
	"body" jsonb NOT NULL,
	"error" text NOT NULL,
	"replayed_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "deliveries" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"app_id" text NOT NULL,
	"kind" text NOT NULL,
	"trigger_id" text,
	"execution_id" text,
	"payload" jsonb NOT NULL,
	"status" text DEFAULT 'due' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"error" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "deliveries_status_check" CHECK ("deliveries"."status" IN ('due', 'done', 'dead'))
);
--> statement-breakpoint
CREATE TABLE "delivery_attempts" (
	"delivery_id" text NOT NULL,
	"attempt" integer NOT NULL,
	"workspace_id" text NOT NULL,
	"status" integer,
	"error" text,
	"duration_ms" integer NOT NULL,
	"attempted_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "delivery_attempts_delivery_id_attempt_pk" PRIMARY KEY("delivery_id","attempt")
);
--> statement-breakpoint
CREATE TABLE "triggers" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"app_id" text NOT NULL,
	"type" text NOT NULL,
	"name" text DEFAULT '' NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"config" jsonb NOT NULL,
	"source_app_id" text,
	"token" text,
	"sealed_secret" text,
	"key_version" integer,
	"next_fire_at" timestamp (3) with time zone,
	"last_fired_at" timestamp (3) with time zone,
	"created_by" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "triggers_token_unique" UNIQUE("token"),
	CONSTRAINT "triggers_type_check" CHECK ("triggers"."type" IN ('schedule', 'webhook', 'app'))
);
--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "trigger_id" text;--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "parent_id" text;--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "waiting" jsonb;--> statement-breakpoint
ALTER TABLE "node_logs" ADD COLUMN "port" text;--> statement-breakpoint
ALTER TABLE "app_signing_secrets" ADD CONSTRAINT "app_signing_secrets_app_id_apps_id_fk" FOREIGN KEY ("app_id") REFERENCES "public"."apps"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "app_signing_secrets" ADD CONSTRAINT "app_signing_secrets_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "triggers" ADD CONSTRAINT "triggers_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "triggers" ADD CONSTRAINT "triggers_app_id_apps_id_fk" FOREIGN KEY ("app_id") REFERENCES "public"."apps"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "triggers" ADD CONSTRAINT "triggers_source_app_id_apps_id_fk" FOREIGN KEY ("source_app_id") REFERENCES "public"."apps"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "triggers" ADD CONSTRAINT "triggers_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "app_signing_secrets_key_version_idx" ON "app_signing_secrets" USING btree ("key_version");--> statement-breakpoint
CREATE INDEX "dead_letters_workspace_idx" ON "dead_letters" USING btree ("workspace_id","id");--> statement-breakpoint
CREATE INDEX "deliveries_due_idx" ON "deliveries" USING btree ("due_at") WHERE "deliveries"."status" = 'due';--> statement-breakpoint
CREATE INDEX "deliveries_dead_idx" ON "deliveries" USING btree ("workspace_id","id") WHERE "deliveries"."status" = 'dead';--> statement-breakpoint
CREATE INDEX "deliveries_execution_idx" ON "deliveries" USING btree ("workspace_id","execution_id");--> statement-breakpoint
CREATE INDEX "triggers_app_idx" ON "triggers" USING btree ("workspace_id","app_id","id");--> statement-breakpoint
CREATE INDEX "triggers_due_idx" ON "triggers" USING btree ("next_fire_at") WHERE "triggers"."enabled" AND "triggers"."next_fire_at" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "triggers_source_idx" ON "triggers" USING btree ("source_app_id") WHERE "triggers"."source_app_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "triggers_key_version_idx" ON "triggers" USING btree ("key_version");--> statement-breakpoint
CREATE INDEX "executions_waiting_idx" ON "executions" USING btree ("workspace_id","id") WHERE "executions"."waiting" IS NOT NULL;