-- The event table: the full audit trail. Rows are inserted and read, never changed; every service may append,
-- none may choose epoch, xid or position, which the database assigns and which order the feed.
--
-- Feed order is (epoch, xid, position) below the oldest running transaction: `position > last` alone skips events
-- of transactions that commit later. `epoch` grows when the data moves to a new cluster, whose xids start low.
-- Partitions are ranges of the UUIDv7 case id by year of opening, made once up to 2044: no DDL at run time.

CREATE TABLE store_setting (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    store_id uuid NOT NULL DEFAULT gen_random_uuid(),
    epoch smallint NOT NULL DEFAULT 1
);
INSERT INTO store_setting DEFAULT VALUES;

-- At most one row; without it the clock is the real one. Only the embedded set-up ever writes it.
CREATE TABLE clock_anchor (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    start_at timestamptz NOT NULL,
    simulated_at timestamptz NOT NULL,
    real_at timestamptz NOT NULL,
    speed double precision NOT NULL CHECK (speed > 0 AND speed <= 86400)
);

CREATE FUNCTION clock_now() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT coalesce(
        (SELECT simulated_at + (clock_timestamp() - real_at) * speed FROM gehoor.clock_anchor),
        clock_timestamp())
$$;

CREATE FUNCTION clock_speed() RETURNS double precision LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce((SELECT speed FROM gehoor.clock_anchor), 1.0)
$$;

-- A session may hold a block of positions: they order rows inside one transaction only.
CREATE SEQUENCE event_position CACHE 64;

CREATE TABLE event (
    case_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    organisation text NOT NULL CHECK (organisation ~ '^[a-z][a-z0-9-]{0,39}$'),
    type text NOT NULL CHECK (type ~ '^[A-Z][A-Za-z]{0,59}$'),
    schema_version smallint NOT NULL,
    happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL CHECK (octet_length(actor) BETWEEN 1 AND 100),
    command_id uuid NOT NULL,
    causation text CHECK (octet_length(causation) <= 100),
    correlation uuid NOT NULL,
    traceparent text CHECK (octet_length(traceparent) <= 100),
    data bytea NOT NULL CHECK (octet_length(data) <= 500000),
    pii bytea CHECK (octet_length(pii) <= 4000000),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16),
    fields_root bytea NOT NULL CHECK (octet_length(fields_root) = 32),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    epoch smallint NOT NULL DEFAULT 1,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    position bigint NOT NULL DEFAULT nextval('gehoor.event_position'),
    PRIMARY KEY (case_id, version)
) PARTITION BY RANGE (case_id);

CREATE INDEX event_feed ON event (epoch, xid, position);

-- Breaches are read alone and in order, for years; other events do not touch this index.
CREATE INDEX event_breaches ON event (epoch, xid, position) WHERE type IN ('DeadlineBreached', 'TargetMissed');

CREATE FUNCTION lowest_case_id_of(year integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (substr(ms, 1, 8) || '-' || substr(ms, 9, 4) || '-0000-0000-000000000000')::uuid
    FROM (SELECT lpad(to_hex(1000 * extract(epoch FROM make_date(year, 1, 1))::bigint), 12, '0') AS ms) AS t
$$;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: what happened is never rewritten, append a new event', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

-- Row triggers of the parent are cloned to its partitions; statement triggers (TRUNCATE) are not, so each gets one.
CREATE TRIGGER event_is_never_changed BEFORE UPDATE OR DELETE ON event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_is_never_emptied BEFORE TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

DO $$
DECLARE
    part text;
    year integer;
BEGIN
    EXECUTE format('CREATE TABLE event_past PARTITION OF event FOR VALUES FROM (MINVALUE) TO (%L)',
                   lowest_case_id_of(2025));
    FOR year IN 2025..2044 LOOP
        EXECUTE format('CREATE TABLE event_%s PARTITION OF event FOR VALUES FROM (%L) TO (%L)',
                       year, lowest_case_id_of(year), lowest_case_id_of(year + 1));
    END LOOP;
    EXECUTE 'CREATE TABLE event_default PARTITION OF event DEFAULT';
    FOR part IN SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'event'::regclass LOOP
        EXECUTE format('CREATE TRIGGER event_is_never_emptied BEFORE TRUNCATE ON %s
                        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', part);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER event_is_never_changed', part);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER event_is_never_emptied', part);
    END LOOP;
END
$$;
ALTER TABLE event ENABLE ALWAYS TRIGGER event_is_never_changed;
ALTER TABLE event ENABLE ALWAYS TRIGGER event_is_never_emptied;

-- After a restore into another cluster, whose transaction numbers start low: the next epoch begins, in the
-- setting and in the default at once, while nobody writes. Positions go on; JetStream gets a new generation.
CREATE FUNCTION begin_epoch() RETURNS smallint LANGUAGE plpgsql AS $$
DECLARE
    next_epoch smallint;
BEGIN
    LOCK TABLE gehoor.event IN ACCESS EXCLUSIVE MODE;
    UPDATE gehoor.store_setting SET epoch = epoch + 1 RETURNING epoch INTO next_epoch;
    EXECUTE format('ALTER TABLE gehoor.event ALTER COLUMN epoch SET DEFAULT %s', next_epoch);
    DELETE FROM gehoor.stream_generation;
    RETURN next_epoch;
END
$$;
REVOKE ALL ON FUNCTION begin_epoch() FROM PUBLIC;

GRANT USAGE ON SCHEMA gehoor TO
    gehoor_intake, gehoor_workflow, gehoor_deadlines, gehoor_notifier, gehoor_relay, gehoor_keeper, gehoor_auditor;
GRANT SELECT ON event, store_setting, clock_anchor TO
    gehoor_intake, gehoor_workflow, gehoor_deadlines, gehoor_notifier, gehoor_relay, gehoor_keeper, gehoor_auditor;
GRANT INSERT (case_id, version, organisation, type, schema_version, happened_at, recorded_at, actor, command_id,
              causation, correlation, traceparent, data, pii, salt, fields_root, hash)
    ON event TO gehoor_intake, gehoor_workflow, gehoor_deadlines, gehoor_notifier, gehoor_keeper;
GRANT USAGE ON SEQUENCE event_position TO
    gehoor_intake, gehoor_workflow, gehoor_deadlines, gehoor_notifier, gehoor_keeper;
