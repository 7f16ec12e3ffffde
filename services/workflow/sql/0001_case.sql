-- The worklist: one row per case, folded from its whole stream. Only workflow writes it, always the whole row, in the
-- transaction of its checkpoint. `version` is the stream version it was folded up to; a row never goes back. Delete all
-- rows and fold again, and the same bytes stand here: no column holds a moment of writing. Nothing personal.
--
-- `next_due_at` is the earliest moment at which a promise of the company that is not met falls due, or fell due; a case
-- is overdue from then on. Targets and windows of the customer do not count for it.

CREATE TABLE case_state (
    case_id uuid PRIMARY KEY,
    version integer NOT NULL CHECK (version > 0),
    organisation text NOT NULL,
    reference text NOT NULL,
    state text NOT NULL,
    kind text,
    procedure text,
    procedure_version integer,
    handler text,
    team text,
    received_on date NOT NULL,
    received_at timestamptz NOT NULL,
    opened_at timestamptz,
    next_due_at timestamptz,
    breached integer NOT NULL CHECK (breached >= 0),
    missed integer NOT NULL CHECK (missed >= 0),
    clocks jsonb NOT NULL,
    letters jsonb NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX case_state_by_organisation ON case_state (organisation, case_id);
CREATE INDEX case_state_by_handler ON case_state (handler, case_id);
CREATE INDEX case_state_by_due ON case_state (next_due_at) WHERE next_due_at IS NOT NULL;
