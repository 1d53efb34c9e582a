CREATE TABLE "ended_sessions" (
	"app_id" text NOT NULL,
	"session_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"ended_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "ended_sessions_app_id_session_id_pk" PRIMARY KEY("app_id","session_id")
);
--> statement-breakpoint
ALTER TABLE "ended_sessions" ADD CONSTRAINT "ended_sessions_app_id_apps_id_fk" FOREIGN KEY ("app_id") REFERENCES "public"."apps"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ended_sessions" ADD CONSTRAINT "ended_sessions_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "ended_sessions_workspace_idx" ON "ended_sessions" USING btree ("workspace_id","app_id","ended_at");--> statement-breakpoint
CREATE INDEX "executions_session_idx" ON "executions" USING btree ("workspace_id","app_id","session_id","id") WHERE "executions"."session_id" IS NOT NULL;