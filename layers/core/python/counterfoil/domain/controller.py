"""Who answers for what is done with personal data, as notices, consent receipts and letters name them.

Whoever runs Counterfoil puts their own details here.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Controller:
    """`url`: where the API and the pages are reached from outside. `complaints`: where to complain by e-mail."""

    name: str
    contact: str
    street: str
    town: str
    postcode: str
    country: str
    email: str
    phone: str
    url: str
    complaints: str

    @property
    def address(self) -> str:
        return f"{self.street}, {self.town} {self.postcode}, {self.country}"


CONTROLLER: Final = Controller(
    name="Counterfoil",
    contact="Data protection officer",
    street="1 Example Quay",
    town="Dublin",
    postcode="D01 A1B2",
    country="IE",
    email="privacy@counterfoil.example",
    phone="+44 20 7946 0100",
    url="https://counterfoil.example",
    complaints="complaints@counterfoil.example",
)

AUTHORITY: Final = (
    "Information Commissioner's Office, Wycliffe House, Water Lane, Wilmslow, Cheshire SK9 5AF; "
    "telephone 0303 123 1113; ico.org.uk/make-a-complaint"
)
"""Where anybody may complain of what we do with their data."""
