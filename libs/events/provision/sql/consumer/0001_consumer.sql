-- What every consumer keeps in its own schema: how far it has come per lane, what it has set aside, who of its
-- replicas works on which lane. The checkpoint moves only in the transaction of the effects, from the value that
-- was read: that comparison is the fence against a replica that lost its lane without noticing.

CREATE TABLE checkpoint (
    partition smallint PRIMARY KEY CHECK (partition BETWEEN 0 AND 15),
    epoch smallint NOT NULL DEFAULT 0,
    xid xid8 NOT NULL DEFAULT '0',
    position bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO checkpoint (partition) SELECT generate_series(0, 15);

-- A case is set aside from `version` on; `retry_at` is filled when somebody asks for another try.
CREATE TABLE parked (
    case_id uuid PRIMARY KEY,
    version integer NOT NULL,
    type text NOT NULL,
    reason text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    retries integer NOT NULL DEFAULT 0,
    retry_at timestamptz
);

-- Real time, not the system's clock: this is about processes.
CREATE TABLE member (
    member_id uuid PRIMARY KEY,
    name text,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

CREATE TABLE partition_owner (
    partition smallint PRIMARY KEY CHECK (partition BETWEEN 0 AND 15),
    member_id uuid
) WITH (fillfactor = 50);
INSERT INTO partition_owner (partition) SELECT generate_series(0, 15);
