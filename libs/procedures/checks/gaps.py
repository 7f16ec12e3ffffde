"""What will happen and the organisation's text does not mention."""

from events.catalogue.words import CHANNELS
from procedures.checks.asking import Stories
from procedures.counting.facts import WITHDRAWN
from procedures.schema.model import ProcedureFile
from procedures.transitions import FIRST


def roads_that_end(file: ProcedureFile) -> Stories:
    """Yield each point after which the text does not say what follows: outcome, objection, escalation."""
    conduct = file.conduct
    contents = {content for letter in file.letter for content in letter.contains}
    if "outcome" not in contents:
        yield "no-outcome", "The complaint is handled: no rule says whether it was founded."
    if conduct.objection_window is None:
        yield "no-objection", "The customer disagrees with what is proposed or done: the text ends there."
    elif not any(stage.name == FIRST and "lodge-objection" in stage.may for stage in file.stage):
        yield (
            "objection-before-answer",
            f"The customer objects before any answer: {conduct.objection_window} does not run yet.",
        )
    if conduct.outer_route is None:
        yield "no-outer-route", "The organisation has said its last word: nobody names where to go next."
    if conduct.escalates == "matrix" and not conduct.escalates_to:
        yield (
            "empty-matrix",
            "A technical complaint is to be escalated: the matrix it points at is not there.",
        )
    if conduct.escalates == "role" and not conduct.escalates_to:
        yield "escalates-to-nobody", "A complaint is to be escalated: no role is named that takes it."


def proposals_that_are_refused(file: ProcedureFile) -> Stories:
    """Yield one finding when a proposal may be made and nothing follows its refusal."""
    proposes = any("propose" in stage.may for stage in file.stage)
    if proposes and file.conduct.objection_window is None:
        yield "proposal-refused", "A proposal is made and refused: no rule says what follows."


def channels_that_are_not_named(file: ProcedureFile) -> Stories:
    """Yield each everyday channel that the procedure does not name."""
    named = {channel.name for channel in file.channel}
    for channel in ("phone", "letter", "email"):
        if channel in CHANNELS and channel not in named:
            yield (
                f"channel-not-named:{channel}",
                f"A complaint comes by {channel}, which the procedure does not name; it is one all the same.",
            )


def complaints_that_are_incomplete(file: ProcedureFile) -> Stories:
    """Yield what follows from what the procedure asks for: no rule for what is missing, or nothing asked."""
    asked = [name for name, ask in file.asks.items() if not ask.optional]
    if asked:
        yield (
            "incomplete-complaint",
            f"A complaint comes without {asked[-1]}: the text asks for it and does not say what follows.",
        )
    else:
        yield "asks-nothing", "A complaint of one word comes: the procedure asks for nothing."


def reports_taken_for_something_else(file: ProcedureFile) -> Stories:
    """Yield one finding when a rule may classify a complaint as something without terms."""
    kinds = {file.classification.default, *(rule.kind for rule in file.classification.rule)}
    if kinds & {"incident", "neither"}:
        yield "classified-wrong", "A complaint is taken for an incident: its terms do not run."


def withdrawals(file: ProcedureFile) -> Stories:
    """Yield one finding when a withdrawal drops every clock: that is our default, not the text."""
    if all(WITHDRAWN in clock.dropped_by for clock in file.clock):
        yield "silent-on:withdrawal", "The complaint is withdrawn: no rule says what becomes of its terms."
