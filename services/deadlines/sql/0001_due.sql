-- When each case must be looked at next because time passes. A cache: the truth is the stream of the case, and
-- every row can be computed again from it. No row means that time changes nothing there any more.
--
-- One row per case, not per clock: a case is locked, folded and settled as a whole, so that a second row of the
-- same case would only be a second truth to keep equal. The lane comes first in the index, so that a claim reads
-- only rows that its process owns, however many are due in other lanes or lie in the future.

CREATE TABLE due (
    case_id uuid PRIMARY KEY,
    partition smallint NOT NULL GENERATED ALWAYS AS (get_byte(uuid_send(case_id), 15) & 15) STORED,
    fire_at timestamptz NOT NULL,
    blocked text
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

-- A case whose stream cannot be read by this version of the code stays here with the reason, outside the queue.
CREATE INDEX due_next ON due (partition, fire_at) WHERE blocked IS NULL;
