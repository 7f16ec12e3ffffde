-- The keys of persons, in a cluster of their own, because write-ahead logs and base backups copy everything in
-- theirs. One key per person and case, wrapped by the master key. Erasing a person deletes the row; the search
-- tokens of their e-mail address and telephone number die with it.

CREATE TABLE person_key (
    key_id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    person text NOT NULL,
    wrapped bytea NOT NULL,
    email_token bytea,
    phone_token bytea,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (case_id, person)
);
CREATE INDEX person_key_by_email ON person_key (email_token) WHERE email_token IS NOT NULL;
CREATE INDEX person_key_by_phone ON person_key (phone_token) WHERE phone_token IS NOT NULL;

-- What was destroyed, so that a key which never arrives is told from one that was taken away on purpose, and so
-- that a restored backup can be emptied again. Holds no key material and no token.
CREATE TABLE destroyed_key (
    key_id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    person text NOT NULL,
    destroyed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (case_id, person)
);

GRANT USAGE ON SCHEMA gehoor TO gehoor_intake, gehoor_workflow, gehoor_notifier, gehoor_keeper;
GRANT SELECT ON person_key, destroyed_key TO gehoor_intake, gehoor_workflow, gehoor_notifier, gehoor_keeper;
GRANT INSERT ON person_key TO gehoor_intake, gehoor_workflow;
GRANT DELETE ON person_key TO gehoor_keeper;
GRANT INSERT ON destroyed_key TO gehoor_keeper;
