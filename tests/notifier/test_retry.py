"""When a letter is tried again, and when nobody tries any more."""

from datetime import timedelta

from notifier.sending.retry import FEWEST_ATTEMPTS, GIVE_UP_AFTER, JITTER, is_hopeless, wait_s


def test_first_tries_follow_within_seconds_and_later_ones_within_half_an_hour() -> None:
    """A short fault costs seconds; a long one is tried every half hour, as the standard asks."""
    waits = [wait_s(attempt, 0.0) for attempt in range(1, 20)]

    assert waits == sorted(waits)
    assert waits[0] <= 2
    assert sum(waits[:3]) < 30
    assert waits[-1] == 1800


def test_letters_that_failed_together_do_not_return_together() -> None:
    """A random share is added, and it is bounded."""
    assert wait_s(5, 0.0) < wait_s(5, 0.5) < wait_s(5, 0.999) <= 60 * (1 + JITTER)


def test_nobody_gives_up_before_four_days() -> None:
    """However often it failed, a letter is kept for more than four days; then a person is told."""
    assert timedelta(days=4) <= GIVE_UP_AFTER
    assert not is_hopeless(10_000, GIVE_UP_AFTER - timedelta(seconds=1))
    assert is_hopeless(FEWEST_ATTEMPTS, GIVE_UP_AFTER)


def test_a_system_that_stood_still_for_a_week_does_not_give_up_at_once() -> None:
    """Age alone is no reason: several tries must have failed too."""
    assert not is_hopeless(1, timedelta(days=8))
