-- The keys of persons, in a cluster of their own, because write-ahead logs and base backups copy everything in
-- theirs. One key per person and case, wrapped by the master key. Erasing a person empties the row and leaves it
-- there: it says that the key was destroyed and not lost, and it keeps a second key from ever being made. The
-- search tokens of their e-mail address and telephone number die with the key.

CREATE TABLE person_key (
    key_id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    person text NOT NULL,
    wrapped bytea,
    email_token bytea,
    phone_token bytea,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    destroyed_at timestamptz,
    UNIQUE (case_id, person),
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL)),
    CHECK (destroyed_at IS NULL OR (email_token IS NULL AND phone_token IS NULL))
);
CREATE INDEX person_key_by_email ON person_key (email_token) WHERE email_token IS NOT NULL;
CREATE INDEX person_key_by_phone ON person_key (phone_token) WHERE phone_token IS NOT NULL;

CREATE FUNCTION refuse_revival() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a destroyed key is never given back' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER who_is_forgotten_stays_forgotten BEFORE UPDATE ON person_key
    FOR EACH ROW WHEN (OLD.destroyed_at IS NOT NULL) EXECUTE FUNCTION refuse_revival();

GRANT USAGE ON SCHEMA gehoor TO gehoor_intake, gehoor_workflow, gehoor_notifier, gehoor_keeper;
GRANT SELECT ON person_key TO gehoor_intake, gehoor_workflow, gehoor_notifier, gehoor_keeper;
GRANT INSERT (key_id, case_id, person, wrapped, email_token, phone_token) ON person_key
    TO gehoor_intake, gehoor_workflow;
GRANT UPDATE (wrapped, email_token, phone_token, destroyed_at) ON person_key TO gehoor_keeper;
