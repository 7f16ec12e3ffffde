-- The partition of a case: the low four bits of its random tail, as `identity.partition_of` computes it in Python.
-- A test compares both over random identifiers.
--
-- One expression, neither STRICT nor SECURITY DEFINER and without SET: only then the planner puts the expression
-- in the place of the call, so that a query costs and is planned as if it were written out. The generated column
-- `due.partition` was made before and holds the same expression.

CREATE FUNCTION partition_of(case_id uuid) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT get_byte(uuid_send(case_id), 15) & 15
$$;
