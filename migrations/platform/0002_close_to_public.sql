-- Roles of workspace databases may share the server: none of them has business in the platform database.
DO $$ BEGIN EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()); END $$;
