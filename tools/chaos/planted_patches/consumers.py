"""Planted bugs of the consumers: checkpoints, poison, skipped events."""

from typing import Any

from chaos.planted_patches.replacing import replace_attribute, reword


def moves_checkpoint_first() -> None:
    from events.consumer import applier, batch
    from events.store.database import transaction

    real = batch.transact_batch

    async def wrong(platform: Any, who: Any, moves: Any, refs: Any, **more: Any) -> int:
        async with transaction(platform.pool) as connection:
            await batch._move(connection, moves)
        return await real(platform, who, (), refs, **more)

    replace_attribute(applier, "transact_batch", wrong)


def moves_any_checkpoint() -> None:
    from events.consumer import batch

    compared = " AND (c.epoch, c.xid, c.position) = (n.old_epoch, n.old_xid, n.old_position)"
    reword(batch, "_MOVE", compared, "")


def drops_poison() -> None:
    from events.consumer import batch

    real = batch._decide_all

    def decide(*arguments: Any) -> None:
        real(*arguments)
        arguments[5].parked.clear()

    replace_attribute(batch, "_decide_all", decide)


def lets_poison_block_all() -> None:
    from events.consumer import batch

    def reason(error: BaseException) -> str:
        raise error

    replace_attribute(batch, "reason_of", reason)


def skips_some_events() -> None:
    from events.consumer.applier import Applier

    real = Applier.apply

    async def apply(self: Any, planned: Any, goals: Any) -> None:
        await real(self, [ref for ref in planned if (ref.case_id.int >> 8) % 7], goals)

    replace_attribute(Applier, "apply", apply)
