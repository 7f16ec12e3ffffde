"""Invented people, companies and complaints in Dutch and English; nobody here exists, nor any address.

Mail goes to example domains only, numbers come from a range that nobody has, and no street has a number.
"""

import random
from typing import Any

from events.catalogue.words import Language

_GIVEN = ("Noor", "Bram", "Sanne", "Joris", "Fenna", "Daan", "Mieke", "Ruben", "Wietske", "Olaf", "Esra",
          "Imre", "Lotte", "Siebe", "Amal", "Tjeerd", "Yara", "Guus", "Nienke", "Pelle")  # fmt: skip
_FAMILY = ("Kuipwater", "Zandmolen", "Heidebeek", "van Rietlaan", "Duinkant", "de Vlasser",
           "Bremhof", "Ossekop", "Meerzicht", "van der Klei", "Haverland", "Linnekamp")  # fmt: skip
_COMPANY = ("Bakkerij De Halve Maan", "Kwekerij Lindehof", "Garage Noorderbrug", "Het Veer",
            "Drukkerij Oud & Zoon", "Tandartsen Vaart", "Ruijgrok Hout", "Fietsen van Toen")  # fmt: skip
_ROLES = {"nl": ("eigenaar", "officemanager", "inkoper"), "en": ("owner", "office manager", "buyer")}
_WHEN = {"nl": "op werkdagen tussen 9 en 12 uur", "en": "on weekdays between 9 and 12"}

_CAUSES: dict[str, dict[str, tuple[str, ...]]] = {
    "technical": {
        "nl": ("De verbinding valt elke middag weg.", "Het toestel start niet meer op."),
        "en": ("The line drops every afternoon.", "The device no longer starts."),
    },
    "support": {
        "nl": ("De helpdesk belt niet terug.", "Ik word steeds doorverbonden."),
        "en": ("The help desk does not call back.", "I keep being put through."),
    },
    "incident": {
        "nl": ("De storing van dinsdag duurde zes uur.", "De afgesproken hersteltijd is niet gehaald."),
        "en": ("Tuesday's outage lasted six hours.", "The agreed repair time was missed."),
    },
    "service": {
        "nl": ("De monteur is twee keer niet gekomen.", "Wat was afgesproken is niet geleverd."),
        "en": ("The engineer did not come, twice.", "What was agreed was not delivered."),
    },
    "communication": {
        "nl": ("Ik hoor nooit iets terug.", "De toon van het gesprek was onprettig."),
        "en": ("I never hear anything back.", "The tone of the conversation was unpleasant."),
    },
    "billing": {
        "nl": ("De factuur klopt niet.", "Het bedrag is dubbel afgeschreven."),
        "en": ("The invoice is wrong.", "The amount was taken twice."),
    },
    "other": {"nl": ("Zo kan het niet langer.",), "en": ("This cannot go on.",)},
}
_MOODS = {
    "nl": ("Ik vraag u dit op te lossen.", "Ik ben er klaar mee!!", "Het zal wel weer niets worden.",
           "Ik behoud mij alle rechten voor."),
    "en": ("Please put this right.", "I have had enough!!", "I do not expect much.",
           "I reserve all my rights."),
}  # fmt: skip
_EVIDENCE = {"nl": "Zie bestelling {}.", "en": "See order {}."}


def person(chance: random.Random, language: Language) -> dict[str, Any]:
    """Invent somebody with everything a form could ask for."""
    given, family = chance.choice(_GIVEN), chance.choice(_FAMILY)
    mailbox = f"{given}.{family}".lower().replace(" ", "")
    return {
        "name": f"{given} {family}",
        "company": chance.choice(_COMPANY),
        "role": chance.choice(_ROLES[language]),
        "email": f"{mailbox}{chance.randrange(100)}@example.org",
        "phone": f"+31 85 000 {chance.randrange(10, 99)} {chance.randrange(10, 99)}",
        "address": "Voorbeeldweg, 0000 ZZ Voorbeeldstad",
        "reachability": _WHEN[language],
    }


def complaint(chance: random.Random, nature: str, language: Language) -> str:
    """Write what somebody complains about: cause, sometimes evidence, and a mood."""
    parts = [chance.choice(_CAUSES[nature][language])]
    if chance.random() < 0.4:
        parts.append(_EVIDENCE[language].format(f"TST-{chance.randrange(10_000, 99_999)}"))
    parts.append(chance.choice(_MOODS[language]))
    return " ".join(parts)
