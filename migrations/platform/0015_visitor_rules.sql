CREATE TABLE "visitor_rules" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"app_id" text,
	"source" text NOT NULL,
	"kind" text NOT NULL,
	"match_type" text NOT NULL,
	"match_value" text NOT NULL,
	"reason" text DEFAULT '' NOT NULL,
	"expires_at" timestamp (3) with time zone,
	"created_by" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "visitor_rules_match_key" UNIQUE NULLS NOT DISTINCT("workspace_id","app_id","source","match_type","match_value"),
	CONSTRAINT "visitor_rules_kind_check" CHECK ("visitor_rules"."kind" IN ('deny', 'challenge', 'slow')),
	CONSTRAINT "visitor_rules_source_check" CHECK ("visitor_rules"."source" IN ('member', 'frequency', 'failure_rate', 'spike')),
	CONSTRAINT "visitor_rules_match_type_check" CHECK ("visitor_rules"."match_type" IN ('ip', 'cidr', 'asn', 'country', 'network', 'session', 'all')),
	CONSTRAINT "visitor_rules_expiry_check" CHECK ("visitor_rules"."source" = 'member' OR "visitor_rules"."expires_at" IS NOT NULL)
);
--> statement-breakpoint
ALTER TABLE "app_access_policies" ADD COLUMN "anomaly" jsonb;--> statement-breakpoint
ALTER TABLE "executions" ADD COLUMN "network" text;--> statement-breakpoint
ALTER TABLE "visitor_rules" ADD CONSTRAINT "visitor_rules_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "visitor_rules" ADD CONSTRAINT "visitor_rules_app_id_apps_id_fk" FOREIGN KEY ("app_id") REFERENCES "public"."apps"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "visitor_rules" ADD CONSTRAINT "visitor_rules_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "visitor_rules_workspace_idx" ON "visitor_rules" USING btree ("workspace_id","id");--> statement-breakpoint
CREATE INDEX "visitor_rules_app_idx" ON "visitor_rules" USING btree ("app_id");--> statement-breakpoint
CREATE INDEX "visitor_rules_expiry_idx" ON "visitor_rules" USING btree ("expires_at") WHERE "visitor_rules"."expires_at" IS NOT NULL;