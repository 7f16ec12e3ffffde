"""Planted bugs of the store and of what is read from it: the chain, the feed, the worklist."""

from chaos.planted_patches.replacing import attribute_of, replace_attribute, reword


def leaves_actor_out_of_chain() -> None:
    from events.record import sealing

    real = attribute_of(sealing, "event_hash")
    replace_attribute(sealing, "event_hash", lambda **columns: real(**{**columns, "actor": ""}))


def reads_feed_by_position_alone() -> None:
    from events.store import feed

    condition = feed.VISIBLE.split("\n", 1)[1]
    for name in ("EVENT_REFS", "PAGE", "PUBLIC_PAGE"):
        reword(feed, name, condition, "")


def keeps_first_row() -> None:
    from workflow import worklist

    text: str = worklist._WRITE
    replace_attribute(
        worklist, "_WRITE", text.partition("ON CONFLICT")[0] + "ON CONFLICT (case_id) DO NOTHING"
    )
