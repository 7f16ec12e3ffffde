"""Planted bugs of the notifier: addresses in logs, identities, retries, unrecorded attempts."""

import secrets
from typing import Any

from chaos.planted_patches.replacing import attribute_of, replace_attribute, reword


def logs_addresses() -> None:
    from notifier.sending import results

    real = attribute_of(results, "report")

    def report(outcome: Any) -> None:
        results.log.info("letter.to", to=outcome.to)
        real(outcome)

    replace_attribute(results, "report", report)


def gives_every_copy_a_new_identity() -> None:
    from notifier.sending import attempt

    def identity(*_: Any) -> str:
        return f"<{secrets.token_hex(20)}@example.org>"

    replace_attribute(attempt, "message_id_of", identity)


def tries_again_after_5xx() -> None:
    from notifier.smtp import conversation

    real = conversation._result_of

    def refusal(answer: Any, stage: Any) -> Any:
        found = real(answer, stage)
        return (
            conversation.MailDeferred(found.code, stage)
            if isinstance(found, conversation.MailRefused)
            else found
        )

    replace_attribute(conversation, "_result_of", refusal)


def gives_up_after_4xx() -> None:
    from notifier.smtp import conversation

    real = conversation._result_of

    def refusal(answer: Any, stage: Any) -> Any:
        found = real(answer, stage)
        return (
            conversation.MailRefused(found.code, stage)
            if isinstance(found, conversation.MailDeferred)
            else found
        )

    replace_attribute(conversation, "_result_of", refusal)


def hides_uncertain_attempts() -> None:
    from notifier.sending import results
    from notifier.smtp.conversation import MailUncertain

    real = attribute_of(results, "command_of")
    replace_attribute(
        results,
        "command_of",
        lambda outcome: None if isinstance(outcome.end, MailUncertain) else real(outcome),
    )


def sends_before_the_attempt_stands() -> None:
    from notifier.sending import outbox

    reword(outbox, "_CLAIM", "state = 'sending', attempts", "state = 'due', attempts")
