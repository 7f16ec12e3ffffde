"""What each letter is called in the subject of a mail, by letter and manner: language, and tone in Dutch.

Nothing a complainant typed stands here; the reference of the case is added behind it.
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
}
