"""The status page as HTML: plain words in the case's language, no script, no cookie, nothing fetched.

Everything is escaped by the template; style stands in the page under a content security policy that allows
exactly that style and nothing else.
"""

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from intake.status.letter_names import LETTERS
from intake.status.progress import CaseProgress
from procedures.localised_dates import day_in_words
from procedures.organisations import Organisation

_PAGES = files("intake.status") / "pages"
_STYLE = (_PAGES / "status.css").read_text("utf-8")
_environment = Environment(
    loader=FunctionLoader(lambda name: (_PAGES / name).read_text("utf-8")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

SECURITY: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; "
        f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}

WORDS: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "title": "Uw melding",
        "reference": "Kenmerk",
        "organisation": "Organisatie",
        "received_on": "Ontvangen op",
        "state": "Stand van zaken",
        "received": "Uw melding is ontvangen en vastgelegd.",
        "handled": "Uw melding is in behandeling.",
        "withdrawn": "Uw melding is ingetrokken.",
        "closed": "Uw melding is afgesloten.",
        "reopened": "Uw melding is weer in behandeling.",
        "merged": "Uw melding gaat verder in een andere melding over hetzelfde.",
        "letters": "Wat wij u hebben gestuurd",
        "sent": "verzonden op",
        "prepared": "klaargelegd voor de post op",
        "posted": "op de post gedaan op",
        "came_back": "Dit bericht is bij ons teruggekomen.",
        "windows": "Wat u kunt doen",
        "object": "U kunt bezwaar maken tot en met",
        "respond": "U kunt hierop reageren tot en met",
        "promises": "Wat u van ons mag verwachten",
        "by": "uiterlijk op",
        "aim": "wij streven ernaar: uiterlijk op",
        "kept": "gedaan op",
        "passed": "Deze dag is voorbij en het is nog niet gedaan.",
        "personal": "Op deze pagina staan met opzet geen persoonsgegevens.",
    },
    "en": {
        "title": "Your report",
        "reference": "Reference",
        "organisation": "Organisation",
        "received_on": "Received on",
        "state": "Where it stands",
        "received": "Your report was received and recorded.",
        "handled": "Your report is being handled.",
        "withdrawn": "Your report was withdrawn.",
        "closed": "Your report is closed.",
        "reopened": "Your report is being handled again.",
        "merged": "Your report goes on in another report about the same matter.",
        "letters": "What we sent you",
        "sent": "sent on",
        "prepared": "prepared for the post on",
        "posted": "posted on",
        "came_back": "This message came back to us.",
        "windows": "What you can do",
        "object": "You can object up to and including",
        "respond": "You can respond up to and including",
        "promises": "What you may expect from us",
        "by": "at the latest on",
        "aim": "we aim for: at the latest on",
        "kept": "done on",
        "passed": "This day has passed and it is not done yet.",
        "personal": "This page shows no personal data, on purpose.",
    },
}

_FAMILIAR: Mapping[str, str] = {
    "title": "Je melding",
    "received": "Je melding is ontvangen en vastgelegd.",
    "handled": "Je melding is in behandeling.",
    "withdrawn": "Je melding is ingetrokken.",
    "closed": "Je melding is afgesloten.",
    "reopened": "Je melding is weer in behandeling.",
    "merged": "Je melding gaat verder in een andere melding over hetzelfde.",
    "letters": "Wat wij je hebben gestuurd",
    "windows": "Wat je kunt doen",
    "object": "Je kunt bezwaar maken tot en met",
    "respond": "Je kunt hierop reageren tot en met",
    "promises": "Wat je van ons mag verwachten",
}
"""The Dutch words of an organisation that says "je"."""

_FACTS: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "acknowledgement sent": "Een ontvangstbevestiging",
        "acknowledgement arrived": "Een ontvangstbevestiging",
        "handling notice sent": "Bericht van behandeling",
        "handling notice arrived": "Bericht van behandeling",
        "substantive reaction sent": "Een inhoudelijke reactie",
        "response arrived": "Ons antwoord",
        "solved": "Een oplossing",
        "plan made": "Een plan van aanpak",
        "contact made": "Contact over de melding",
        "complaint handled": "De afhandeling",
    },
    "en": {
        "acknowledgement sent": "An acknowledgement",
        "acknowledgement arrived": "An acknowledgement",
        "handling notice sent": "A notice that we handle your report",
        "handling notice arrived": "A notice that we handle your report",
        "substantive reaction sent": "A reaction to what you wrote",
        "response arrived": "Our answer",
        "solved": "A solution",
        "plan made": "A plan of action",
        "contact made": "Contact with you",
        "complaint handled": "Your report handled",
    },
}

_STEPS: Mapping[str, str] = {"objection arrived": "object"}
"""Which word says what the complainant may do, by the fact that uses the window; else it is "respond"."""

_ANYTHING: Mapping[str, str] = {"nl": "Een volgende stap", "en": "A next step"}


def status_page(standing: CaseProgress, organisation: Organisation) -> str:
    """Return the page of a case, in its language and in the organisation's tone."""
    language = standing.language if standing.language in WORDS else "nl"
    words = {**WORDS[language], **(_FAMILIAR if (language, organisation.tone) == ("nl", "je") else {})}
    told = [
        (one.on, clock, one)
        for clock, promise in standing.promises.items()
        for one in (*promise.earlier, promise)
    ]
    return _render(
        "status.html",
        language=language,
        words=words,
        standing=standing,
        organisation=organisation.name,
        received_on=day_in_words(standing.received_on, language),
        letters=[
            (LETTERS[language].get(one.letter, one.letter), one, day_in_words(one.on, language))
            for one in standing.letters.values()
        ],
        windows=[
            (words[_STEPS.get(window.what, "respond")], window.until, day_in_words(window.until, language))
            for window in standing.windows.values()
            if window.status == "open"
        ],
        promises=[
            (
                _FACTS[language].get(promise.what, _ANYTHING[language]),
                promise,
                day_in_words(promise.on, language),
                day_in_words(promise.kept_on, language) if promise.kept_on else None,
            )
            for _, _, promise in sorted(told, key=lambda entry: entry[:2])
            if not promise.dropped
        ],
    )


def not_found_page() -> str:
    """Return the page for every link that is not good, whatever is wrong with it."""
    return _render("not-found.html")


def _render(name: str, **values: Any) -> str:
    return _environment.get_template(name).render(style=_STYLE, **values)
