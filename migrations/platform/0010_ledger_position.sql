-- Where the current transaction stands in the ledger. `usage_watermark` is made by the migration after this one.
CREATE FUNCTION ledger_position() RETURNS bigint STABLE LANGUAGE plpgsql AS $$
BEGIN
  RETURN pg_current_xact_id()::text::bigint + coalesce((SELECT "ahead" FROM "usage_watermark"), 0);
END $$;
