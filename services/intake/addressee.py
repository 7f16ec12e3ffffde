"""Which organisation a complaint is for: a channel asks first, because a token is good for some of them
only."""

from intake.complaint_form import Submission
from procedures.organisations import Organisation, organisations
from web.problems import FieldError, invalid


def find_organisation(submission: Submission) -> Organisation:
    """Return the organisation that is complained to; raises `Problem` naming those there are."""
    organisation = organisations().get(submission.organisation)
    if organisation is None:
        raise invalid([FieldError("organisation", f"must be one of {', '.join(sorted(organisations()))}")])
    return organisation
