"""The subject of each letter, by letter and manner (the language, and the tone in Dutch).

Nothing that a complainant typed is in a subject; only the reference of the case is added.
"""

from collections.abc import Mapping
from typing import Final

SUBJECTS: Final[Mapping[str, Mapping[str, str]]] = {
    "acknowledgement": {
        "nl.u": "Wij hebben uw klacht ontvangen",
        "nl.je": "We hebben je klacht ontvangen",
        "en": "We received your complaint",
    },
    "handling notice": {
        "nl.u": "Wij zijn bezig met uw melding",
        "nl.je": "We zijn bezig met je melding",
        "en": "We are working on your report",
    },
    "receipt": {
        "nl.u": "Uw klacht is bij ons binnen",
        "nl.je": "Je melding is bij ons binnen",
        "en": "We received what you told us",
    },
    "request for information": {
        "nl.u": "Wij hebben nog iets van u nodig",
        "nl.je": "We hebben nog iets van je nodig",
        "en": "We need something more from you",
    },
    "substantive reaction": {
        "nl.u": "Onze reactie op uw klacht",
        "nl.je": "Onze reactie op je klacht",
        "en": "Our reaction to your complaint",
    },
    "plan": {
        "nl.u": "Ons plan voor uw klacht",
        "nl.je": "Ons plan voor je klacht",
        "en": "Our plan for your complaint",
    },
    "invitation": {
        "nl.u": "Uitnodiging om uw klacht te bespreken",
        "nl.je": "Uitnodiging om je klacht te bespreken",
        "en": "Invitation to discuss your complaint",
    },
    "talk confirmation": {
        "nl.u": "Wat wij met u hebben besproken en afgesproken",
        "nl.je": "Wat we met je hebben besproken en afgesproken",
        "en": "What we discussed and agreed",
    },
    "delay notice": {
        "nl.u": "Uw klacht duurt langer dan gedacht",
        "nl.je": "Je klacht duurt langer dan gedacht",
        "en": "Your complaint takes longer than expected",
    },
    "proposal": {
        "nl.u": "Ons voorstel voor uw klacht",
        "nl.je": "Ons voorstel voor je klacht",
        "en": "Our proposal for your complaint",
    },
    "response": {
        "nl.u": "Ons antwoord op uw klacht",
        "nl.je": "Ons antwoord op je klacht",
        "en": "Our response to your complaint",
    },
    "objection receipt": {
        "nl.u": "Wij hebben uw bezwaar ontvangen",
        "nl.je": "We hebben je bezwaar ontvangen",
        "en": "We received your objection",
    },
    "objection too late": {
        "nl.u": "Uw bezwaar kwam te laat",
        "nl.je": "Je bezwaar kwam te laat",
        "en": "Your objection came too late",
    },
    "hearing invitation": {
        "nl.u": "Uitnodiging voor een gesprek",
        "nl.je": "Uitnodiging voor een gesprek",
        "en": "Invitation for a conversation",
    },
    "hearing record": {
        "nl.u": "Verslag van ons gesprek",
        "nl.je": "Verslag van ons gesprek",
        "en": "Record of our conversation",
    },
    "board decision": {
        "nl.u": "De uitspraak over uw bezwaar",
        "nl.je": "De uitspraak over je bezwaar",
        "en": "The decision on your objection",
    },
    "reminder": {
        "nl.u": "Wij hebben nog niets van u gehoord",
        "nl.je": "We hebben nog niets van je gehoord",
        "en": "We have not heard from you yet",
    },
    "refusal with route": {
        "nl.u": "Zo kunt u uw klacht indienen",
        "nl.je": "Zo kun je je klacht indienen",
        "en": "How you can file your complaint",
    },
    "handed over as incident": {
        "nl.u": "Uw melding is doorgegeven",
        "nl.je": "Je melding is doorgegeven",
        "en": "Your report has been passed on",
    },
    "withdrawal confirmation": {
        "nl.u": "U hebt uw klacht ingetrokken",
        "nl.je": "Je hebt je melding ingetrokken",
        "en": "You took back your complaint",
    },
    "reopening notice": {
        "nl.u": "Wij gaan verder met uw klacht",
        "nl.je": "We gaan verder met je melding",
        "en": "We go on with your case",
    },
    "closing notice": {
        "nl.u": "Wij sluiten uw klacht",
        "nl.je": "We sluiten je melding",
        "en": "We close your case",
    },
    "form copy": {
        "nl.u": "Ingevuld klachtenformulier",
        "nl.je": "Ingevuld klachtenformulier",
        "en": "Filled-in complaint form",
    },
}
