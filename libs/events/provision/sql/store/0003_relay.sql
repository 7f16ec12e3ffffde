-- How far the relay has published, and for which incarnation of the JetStream stream. `tails` holds the feed
-- position of the last published event of each of the 16 lanes, for the header Gehoor-After. One row each.

CREATE TABLE relay_checkpoint (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch smallint NOT NULL DEFAULT 0,
    xid xid8 NOT NULL DEFAULT '0',
    position bigint NOT NULL DEFAULT 0,
    tails text[] NOT NULL DEFAULT array_fill('0.0.0'::text, ARRAY[16])
) WITH (fillfactor = 50);
INSERT INTO relay_checkpoint DEFAULT VALUES;

CREATE TABLE stream_generation (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    generation uuid NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

GRANT SELECT, UPDATE ON relay_checkpoint TO gehoor_relay;
GRANT SELECT, INSERT, UPDATE ON stream_generation TO gehoor_relay;
GRANT SELECT ON relay_checkpoint, stream_generation TO gehoor_auditor;
