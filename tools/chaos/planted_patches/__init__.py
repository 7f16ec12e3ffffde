"""The patches of the planted bugs: each breaks one service in one way, in the process that calls it.

Whatever is replaced must be there: a patch of something that was renamed raises, and a test of all patches
fails.
"""

from collections.abc import Callable, Mapping

from chaos.planted_patches import bus, consumers, deadlines, letters, requests, store

PATCHES: Mapping[str, Callable[[], None]] = {
    patch.__name__: patch
    for patch in (
        requests.answers_before_commit, requests.forgets_keys_of_requests,
        requests.answers_500_now_and_then, requests.leaks_files, requests.echoes_what_was_sent,
        store.leaves_actor_out_of_chain, store.reads_feed_by_position_alone, store.keeps_first_row,
        consumers.moves_checkpoint_first, consumers.moves_any_checkpoint, consumers.drops_poison,
        consumers.lets_poison_block_all, consumers.skips_some_events, bus.never_pulls, bus.loses_messages,
        bus.never_makes_stream_again, bus.moves_cursor_without_acks, deadlines.ignores_summer_time,
        deadlines.shifts_holidays, deadlines.breaks_clocks_early, deadlines.tells_breaches_twice,
        deadlines.forgets_due_cases, letters.logs_addresses, letters.gives_every_copy_a_new_identity,
        letters.tries_again_after_5xx, letters.gives_up_after_4xx, letters.hides_uncertain_attempts,
        letters.sends_before_the_attempt_stands,
    )
}  # fmt: skip
"""The patches by the name of the bug."""
