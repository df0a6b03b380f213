"""From a flight to what the model sees: what is known when the aircraft leaves the gate, and nothing else.

It takes the place of model-image/slipway_model/features.py: see model-image/README.md for what each name is.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

NAMES = (
    "departure_delay",
    "hour",
    "weekday",
    "day_of_year",
    "planned",
    "distance",
    "spare",
    "carrier",
    "origin",
    "destination",
)
"""Names of the features, in the order in which `compute` gives them and the model takes them."""

CATEGORICAL = frozenset({"carrier", "origin", "destination"})
"""Features whose values are texts. A text that training has not seen counts as missing."""

INTENDED_USE = (
    "Tells whether a flight out of New York will arrive more than 15 minutes late, when it leaves the gate. "
    "For those who wait for it or plan a connection; not for flights that have not left, and not for other "
    "cities."
)
LIMITS = (
    "Learned from 6,000 flights of 2013: timetables, airlines and airports have changed since.",
    "It knows neither weather nor traffic, but for what the delay at departure tells of them.",
    "Flights that were cancelled or diverted are not in the sample.",
    "Destinations with few flights in the sample are known poorly.",
)

Value = float | str | None
MISSING = math.nan
DAY = 24 * 60


class Flight(Protocol):
    """A record of `schema.json` as far as features need it."""

    departure: str
    scheduled_arrival: str
    carrier: str
    origin: str
    destination: str
    distance: float
    departure_delay: float


class Features:
    """Computes features with what was learned from the training rows: the usual time to each destination."""

    def __init__(self, learned: dict[str, float]) -> None:
        self.learned = learned

    @staticmethod
    def observe(flights: Iterable[Flight]) -> dict[str, tuple[int, int]]:
        """What the rows of one training host show, as JSON: flights to each destination, minutes planned."""
        seen: dict[str, tuple[int, int]] = {}
        for flight in flights:
            count, minutes = seen.get(flight.destination, (0, 0))
            seen[flight.destination] = count + 1, minutes + planned(flight)
        return seen

    @staticmethod
    def learn(observed: list[Any]) -> dict[str, float]:
        """What `Features` is made with, as JSON, from what all hosts have observed: mean planned minutes."""
        totals: dict[str, tuple[int, int]] = {}
        for seen in observed:
            for destination, (count, minutes) in seen.items():
                before = totals.get(destination, (0, 0))
                totals[destination] = before[0] + count, before[1] + minutes
        return {destination: minutes / count for destination, (count, minutes) in sorted(totals.items())}

    def compute(self, flight: Flight) -> Sequence[Value]:
        """The features of `flight`, in the order of `NAMES`: numbers (NaN when missing) and texts."""
        departure = datetime.fromisoformat(flight.departure)
        minutes = planned(flight)
        return (
            flight.departure_delay,
            departure.hour + departure.minute / 60,
            float(departure.weekday()),
            float(departure.timetuple().tm_yday),
            float(minutes),
            flight.distance,
            # Airlines that plan more time than others to the same place have some of it to make good a delay.
            minutes - self.learned.get(flight.destination, MISSING),
            flight.carrier,
            flight.origin,
            flight.destination,
        )


def planned(flight: Flight) -> int:
    """Minutes from departure to arrival by the clocks of the two airports, whose time zones may differ."""
    departure = datetime.fromisoformat(flight.departure)
    hour, minute = map(int, flight.scheduled_arrival.split(":"))
    return (60 * (hour - departure.hour) + minute - departure.minute) % DAY
