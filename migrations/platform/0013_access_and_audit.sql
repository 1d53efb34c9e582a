CREATE TABLE "hand_offs" (
	"code_hash" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"session_id" text NOT NULL,
	"app_id" text NOT NULL,
	"host" text NOT NULL,
	"state_hash" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "app_access_policies" ADD COLUMN "data_classification" text DEFAULT 'public' NOT NULL;--> statement-breakpoint
ALTER TABLE "app_access_policies" ADD COLUMN "password_hash" text;--> statement-breakpoint
ALTER TABLE "app_access_policies" ADD COLUMN "password_generation" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "audit_logs" ADD COLUMN "ip_hash" text;--> statement-breakpoint
ALTER TABLE "audit_logs" ADD COLUMN "user_agent_hash" text;--> statement-breakpoint
ALTER TABLE "hand_offs" ADD CONSTRAINT "hand_offs_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "hand_offs" ADD CONSTRAINT "hand_offs_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "hand_offs_expires_idx" ON "hand_offs" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "hand_offs_session_idx" ON "hand_offs" USING btree ("session_id");--> statement-breakpoint
CREATE INDEX "audit_logs_actor_idx" ON "audit_logs" USING btree ("workspace_id","actor_id","id");--> statement-breakpoint
CREATE INDEX "audit_logs_action_idx" ON "audit_logs" USING btree ("workspace_id","action","id");--> statement-breakpoint
ALTER TABLE "app_access_policies" ADD CONSTRAINT "app_access_policies_classification_check" CHECK ("app_access_policies"."data_classification" IN ('public', 'internal', 'confidential', 'restricted'));