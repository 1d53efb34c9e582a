CREATE TABLE "app_budgets" (
	"app_id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"requests" bigint,
	"tokens" bigint,
	"updated_by" text,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "app_budgets_some_check" CHECK ("app_budgets"."requests" IS NOT NULL OR "app_budgets"."tokens" IS NOT NULL),
	CONSTRAINT "app_budgets_size_check" CHECK ("app_budgets"."requests" >= 0 AND "app_budgets"."tokens" >= 0)
);
--> statement-breakpoint
ALTER TABLE "app_budgets" ADD CONSTRAINT "app_budgets_app_id_apps_id_fk" FOREIGN KEY ("app_id") REFERENCES "public"."apps"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "app_budgets" ADD CONSTRAINT "app_budgets_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "app_budgets" ADD CONSTRAINT "app_budgets_updated_by_users_id_fk" FOREIGN KEY ("updated_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "app_budgets_workspace_idx" ON "app_budgets" USING btree ("workspace_id");