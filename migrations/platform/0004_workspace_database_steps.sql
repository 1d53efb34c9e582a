ALTER TABLE "workspace_databases" ADD COLUMN "step" text;--> statement-breakpoint
ALTER TABLE "workspace_databases" ADD COLUMN "reference" text;--> statement-breakpoint
ALTER TABLE "workspace_databases" ADD COLUMN "sealed_draft" text;