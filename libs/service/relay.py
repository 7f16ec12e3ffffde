"""The relay as a process of its own: `python -m service.relay`."""

from events.bus.relay import ClientSource, RelayLoop
from events.platform import Platform
from service.host import run
from service.running import Service


def make_loop(platform: Platform) -> RelayLoop:
    return RelayLoop(platform, ClientSource(platform))


def main() -> None:
    """Run the relay until it is told to stop; it has no consumer and no HTTP of its own."""
    run(Service(name="relay", loops=(make_loop,)))


if __name__ == "__main__":
    main()
