"""Make `.venv` and install what the lock names, with nothing but Python 3.11 and its standard library.

Run by `make`, before anything is installed, and again each time: it does nothing when lock and place are
unchanged. The environment is a plain venv; uv, itself pinned by hash, installs quickly, and pip does the same
work where uv cannot. Every file that is installed is checked against the hashes in the lock.
"""

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while modules are read: no traceback, just the end

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV_LOCK = "requirements-uv.lock"
LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}
"""`dev` holds everything of `run`, in the same versions."""

PIP_WHEEL = (
    "https://files.pythonhosted.org/packages/44/3c/d717024885424591d5376220b5e836c2d5293ce2011523c9de23ff7bf068/"
    "pip-25.3-py3-none-any.whl"
)
PIP_SHA256 = "9655943313a94722b7774661c21049070f6bbb0a1516bf02f7c8d5d9201514cd"
DOWNLOAD_WITHIN_S = 60

SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
"""Holds what an administrator added, for example the certificate of a company's proxy."""

NOT_SHOWN = (" + ", "Ignoring ", "  Downloading ", "     ━")
"""Lines of uv and pip that tell too much."""

REMEDY = "install it with: apt-get install python3-venv python3-pip   (then run make again)"


class CannotInstall(Exception):
    """One line for the person at the screen: what is missing and the command that brings it."""


def main() -> int:
    """Bring `.venv` up to date for `run` or `dev` (the first argument); gives the exit code."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else "run"
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with _one_at_a_time():
            _bring_up_to_date(wanted)
    except CannotInstall as problem:
        print(f"gehoor: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ngehoor: stopped; run make again to go on", file=sys.stderr)
        return 130
    return 0


def _bring_up_to_date(wanted: str) -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python would run
        raise CannotInstall(
            f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: set PYTHON=python3.11"
        )
    if any(
        _stamp(kind).exists() and _stamp(kind).read_text() == _fingerprint(kind) for kind in _serving(wanted)
    ):
        return
    packages = sum(line[:1].isalnum() for line in (ROOT / LOCKS[wanted]).read_text().splitlines())
    print(f"environment: .venv with {packages} packages (only the first time)", flush=True)
    began_s = time.monotonic()
    _make_venv()
    _install(ROOT / LOCKS[wanted])
    _stamp(wanted).write_text(_fingerprint(wanted))
    print(f"environment: ready in {time.monotonic() - began_s:.0f} s", flush=True)


def _serving(wanted: str) -> tuple[str, ...]:
    return ("run", "dev") if wanted == "run" else ("dev",)


def _stamp(kind: str) -> Path:
    return VENV / f".gehoor-{kind}"


def _fingerprint(kind: str) -> str:
    """What the environment depends on: lock, project file, place (scripts hold it) and interpreter."""
    parts = [(ROOT / name).read_bytes() for name in (LOCKS[kind], "pyproject.toml")]
    parts += [str(ROOT).encode(), str(Path(sys.executable).resolve()).encode(), sys.version.encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest() + "\n"


class _one_at_a_time:  # noqa: N801 - reads as a sentence where it is used
    """Two makes at once wait for each other: a lock on the project's folder, freed when the process ends."""

    def __enter__(self) -> None:
        self._folder = os.open(ROOT, os.O_RDONLY)
        fcntl.flock(self._folder, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        os.close(self._folder)


def _make_venv() -> None:
    if PYTHON.exists() and _prefix() == str(VENV):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    made = _run(sys.executable, "-m", "venv", "--without-pip", str(VENV))
    if made.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        made = _run(sys.executable, "-m", "pip", "--version")
        if made.returncode == 0:
            made = _virtualenv()
    if made.returncode != 0:
        raise CannotInstall(f"this Python can make no virtual environment; {REMEDY}")


def _virtualenv() -> "subprocess.CompletedProcess[str]":
    with tempfile.TemporaryDirectory() as folder:
        got = _run(sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, "virtualenv")
        if got.returncode != 0:
            return got
        arguments = ("-m", "virtualenv", "--quiet", "--no-pip", "--no-setuptools", "--no-wheel", str(VENV))
        return _run(sys.executable, *arguments, PYTHONPATH=folder)


def _prefix() -> str:
    done = _run(str(PYTHON), "-c", "import sys; print(sys.prefix)")
    return done.stdout.strip()


def _install(lock: Path) -> None:
    pip = _find_pip()
    locked = ("--require-hashes", "--requirement", str(lock))
    project = ("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    uv = _find_uv(pip)
    if uv is not None:
        into = (uv, "pip", "install", "--python", str(PYTHON))
        environment = _uv_environment(pip)
        if _show(*into, *locked, **environment) and _quiet(*into, *project, **environment):
            return
        print("environment: uv could not do it, trying pip", flush=True)
    if not _show(*pip, "install", "--progress-bar", "off", *locked) or not _show(
        *pip, "install", "--quiet", *project
    ):
        raise CannotInstall(
            "the packages could not be installed (the reason stands above); is there a network?"
        )


def _find_uv(pip: tuple[str, ...]) -> str | None:
    """Install uv into the environment by its hash; None when that does not work here."""
    uv = VENV / "bin" / "uv"
    asked = ("install", "--quiet", "--require-hashes", "--only-binary", ":all:", "--no-deps")
    if not uv.exists():
        _run(*pip, *asked, "--requirement", str(ROOT / UV_LOCK))
    return str(uv) if uv.exists() and _run(str(uv), "--version").returncode == 0 else None


def _uv_environment(pip: tuple[str, ...]) -> dict[str, str]:
    """Follow pip's index and the system's certificates, and copy where linking would print a warning."""
    environment = {}
    if certificates := os.environ.get("PIP_CERT"):
        environment["SSL_CERT_FILE"] = certificates
    elif SYSTEM_CERTIFICATES.exists():
        environment["UV_SYSTEM_CERTS"] = "1"
    index = os.environ.get("PIP_INDEX_URL") or _run(*pip, "config", "get", "global.index-url").stdout.strip()
    if index and "UV_DEFAULT_INDEX" not in os.environ:
        environment["UV_DEFAULT_INDEX"] = index
    cache = Path(os.environ.get("UV_CACHE_DIR") or Path.home() / ".cache")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        same_disk = cache.stat().st_dev == VENV.stat().st_dev and os.access(cache, os.W_OK)
    except OSError:
        environment["UV_NO_CACHE"] = "1"
        same_disk = False
    if not same_disk and "UV_LINK_MODE" not in os.environ:
        environment["UV_LINK_MODE"] = "copy"
    return environment


def _find_pip() -> tuple[str, ...]:
    """Find a pip that can install into `.venv`: the system's, the one Python brings, or the pinned one."""
    system = (sys.executable, "-m", "pip", "--python", str(PYTHON))
    if _run(*system, "--version").returncode == 0:
        return system
    inside = (str(PYTHON), "-m", "pip")
    if _run(*inside, "--version").returncode == 0 or _run(str(PYTHON), "-m", "ensurepip").returncode == 0:
        return inside
    wheel = VENV / Path(PIP_WHEEL).name
    try:
        with urllib.request.urlopen(PIP_WHEEL, timeout=DOWNLOAD_WITHIN_S) as answer:
            content = answer.read()
    except OSError as error:
        raise CannotInstall(f"pip is missing and could not be fetched ({error}); {REMEDY}") from error
    if hashlib.sha256(content).hexdigest() != PIP_SHA256:
        raise CannotInstall(f"what {PIP_WHEEL} gave is not the pip we know; {REMEDY}")
    wheel.write_bytes(content)
    return (str(PYTHON), f"{wheel}/pip")


def _environment(changes: dict[str, str]) -> dict[str, str]:
    quiet = {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PYTHONWARNINGS": "ignore",
    }
    given = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    return {**given, **quiet, **changes}


def _run(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, env=_environment(environment), capture_output=True, text=True, check=False, cwd=ROOT
    )


def _quiet(*command: str, **environment: str) -> bool:
    done = _run(*command, **environment)
    if done.returncode != 0:
        print(done.stdout + done.stderr, file=sys.stderr)
    return done.returncode == 0


def _show(*command: str, **environment: str) -> bool:
    """Run with the output on the screen (not each package): a long installation must be seen to go on."""
    with subprocess.Popen(
        command,
        env=_environment(environment),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            if not line.startswith(NOT_SHOWN):
                print(f"  {line}", end="", flush=True)
    return process.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
