"""Starting the services and the mailbox: the settings of each, and how we know that it answers."""

import asyncio
import sys

from events.settings import Settings
from gehoor.embedded import http_probe
from gehoor.embedded.children import Children
from gehoor.embedded.home import Home, RunRecord
from gehoor.embedded.plan import RunPlan, ServicePlan
from gehoor.embedded.ports import HOST
from gehoor.embedded.processes import Child, Launch

_ASK_EVERY_S = 0.05


def start_services(
    home: Home, settings: Settings, plan: RunPlan, children: Children, record: RunRecord
) -> None:
    """Start the mailbox, unless letters go elsewhere, and every service; note where people reach them."""
    if plan.mailbox_port is not None:
        mailbox = ServicePlan("mailbox", "gehoor.mailbox", plan.mailbox_port)
        start_service(home, settings, children, record, mailbox, path="/api/v1/messages")
        record.urls["mailbox"] = f"http://{HOST}:{plan.mailbox_port}/"
    for service in plan.services:
        start_service(home, settings, children, record, service)
        if service.name in ("intake", "workflow"):
            record.urls[service.name] = f"http://{HOST}:{service.port}/"


def service_environment(settings: Settings, service: ServicePlan, ports: dict[str, int]) -> dict[str, str]:
    """Give a child its addresses, without any administrator's password and without the clock's settings."""
    own_port = {
        "intake": "GEHOOR_INTAKE_PORT",
        "workflow": "GEHOOR_WORKFLOW_PORT",
        "mailbox": "GEHOOR_MAILBOX_PORT",
    }.get(service.name, "GEHOOR_HEALTH_PORT")
    given = {
        "GEHOOR_HOME": str(settings.home),
        "GEHOOR_DATABASE_URL": settings.database_url,
        "GEHOOR_KEYS_URL": settings.keys_url,
        "GEHOOR_NATS_URL": settings.nats_url,
        "GEHOOR_SMTP_URL": settings.smtp_url,
        "GEHOOR_PUBLIC_URL": settings.public_url or f"http://{HOST}:{ports['intake']}",
        "GEHOOR_LOG_LEVEL": settings.log_level,
        "GEHOOR_REPLICA": f"{service.name}-1",
        "GEHOOR_MAILBOX_SMTP_PORT": str(ports["mailbox-smtp"]) if "mailbox-smtp" in ports else None,
        # Only where the database is our own: into somebody's own one no made-up case may come.
        "GEHOOR_DEMONSTRATIONS": "true" if "database" in ports else None,
        own_port: str(service.port),
    }
    return {name: value for name, value in given.items() if value is not None}


def start_service(
    home: Home,
    settings: Settings,
    children: Children,
    record: RunRecord,
    service: ServicePlan,
    path: str = "/readyz",
) -> None:
    """Start one service and keep it; it is ready when `path` answers 200."""
    launch = Launch(
        name=service.name,
        command=(sys.executable, "-m", service.module),
        module=service.module,
        log=home.log / f"{service.name}.log",
        folder=home.folder,
        environment=service_environment(settings, service, record.ports),
    )
    children.keep(
        children.services, launch, lambda child: _until_http_ready(child, service.port, path), service.port
    )


async def _until_http_ready(child: Child, port: int, path: str) -> None:
    while child.running:
        status, _ = await http_probe.ask(port, path)
        if status == 200:
            return
        await asyncio.sleep(_ASK_EVERY_S)
