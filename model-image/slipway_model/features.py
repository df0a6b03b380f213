"""From a record to numbers: the one place where features are computed, for training and serving alike.

This file and `schema.json` are what to replace for another problem. `Features.compute` sees what is known
when the trip starts, and nothing else: no drop-off time, tip, tolls or total.
"""

import math
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from slipway_model import places

NAMES = (
    "distance",
    "tariff",
    "hour",
    "weekday",
    "hour_of_week",
    "working_hours",
    "passengers",
    "green",
    "in_tenths",
    "rate",
    "same_zone",
    *(f"pickup_{axis}" for axis in places.AXES),
    *(f"dropoff_{axis}" for axis in places.AXES),
    *(f"toward_{axis}" for axis in places.AXES),
    "straight",
    "detour",
)
"""Names of the features, in the order in which `compute` gives them and the model takes them."""

CATEGORICAL: frozenset[str] = frozenset()
"""Features whose values are texts. A text that training has not seen counts as missing."""

BASELINE = "distance"
"""The numeric feature of the straight line that the model must beat."""

START = "tariff"
"""The numeric feature of the straight line that the model starts from."""

STEP = 0.5
"""Predictions are multiples of it (dollars), as what the meter shows; 0: of nothing."""

INTENDED_USE = (
    "Estimates the metered fare of a New York taxi trip when it starts, with the range in which four fares "
    "of five lie. For estimates shown to passengers and for planning; not for charging, and not for other "
    "cities."
)
LIMITS = (
    "Learned from a sample of trips of March 2019: fares and traffic have changed since.",
    "Zones with few trips in the sample (Staten Island, outer Queens) are known poorly.",
    "Extras, tax, tips and tolls are not part of the predicted fare.",
    "Negotiated fares, which follow no meter, are missed by most.",
)

Value = float | str | None
METERED, FLAT, OUT_OF_TOWN, NO_METER = range(4)
FLAT_FARE = 52.0
MISSING = math.nan


class Trip(Protocol):
    """A record of `schema.json` as far as features need it."""

    pickup: str
    passengers: int
    distance: float
    color: str
    pickup_zone: str | None
    dropoff_zone: str | None
    pickup_borough: str | None
    dropoff_borough: str | None


class Features:
    """Computes features with what was learned from the training rows: where the taxi zones are."""

    def __init__(self, learned: dict[str, places.Place]) -> None:
        self.learned = learned
        # A batch has few pairs of zones and many trips.
        self._route = lru_cache(maxsize=1 << 16)(self._route_between)

    @staticmethod
    def observe(trips: Iterable[Trip]) -> places.Observed:
        """What the rows of one training host show, as JSON: the distances between zones."""
        return places.observe((trip.pickup_zone, trip.dropoff_zone, trip.distance) for trip in trips)

    @staticmethod
    def learn(observed: list[Any]) -> dict[str, places.Place]:
        """What `Features` is made with, as JSON, from what all hosts have observed."""
        return places.learn(observed)

    def compute(self, trip: Trip) -> tuple[Value, ...]:
        """The features of `trip`, in the order of `NAMES`: numbers (NaN when missing), texts (categories)."""
        pickup = datetime.fromisoformat(trip.pickup)
        hour, weekday = pickup.hour + pickup.minute / 60, pickup.weekday()
        distance = trip.distance
        rate = _rate(trip)
        route = self._route(trip.pickup_zone, trip.dropoff_zone)
        return (
            distance,
            _tariff(rate, distance),
            hour,
            weekday,
            24 * weekday + hour,
            weekday < 5 and 7 <= hour < 19,
            trip.passengers,
            trip.color == "green",
            # One maker of meters gives tenths of a mile, cut off; the other hundredths.
            distance == round(distance, 1),
            rate,
            *route,
            distance / max(route[-1], 0.3),
        )

    def _route_between(self, pickup_zone: str | None, dropoff_zone: str | None) -> tuple[float, ...]:
        """Of a pair of zones: whether they are the same, both places, the way, its length (miles)."""
        pickup = self.learned.get(pickup_zone or "", places.UNKNOWN)
        dropoff = self.learned.get(dropoff_zone or "", places.UNKNOWN)
        toward = [b - a for a, b in zip(pickup, dropoff, strict=True)]
        same = pickup_zone is not None and pickup_zone == dropoff_zone
        return (float(same), *pickup, *dropoff, *toward, math.hypot(*toward))


def _rate(trip: Trip) -> int:
    """Which of the TLC's rates is likely: by the meter, JFK's flat fare, to out of town, or agreed upon."""
    if trip.dropoff_zone is None:
        if trip.distance > 10:
            return OUT_OF_TOWN
        return NO_METER if trip.distance == 0 and trip.color == "yellow" else METERED
    if (trip.pickup_zone == "JFK Airport" and trip.dropoff_borough == "Manhattan") or (
        trip.dropoff_zone == "JFK Airport" and trip.pickup_borough == "Manhattan"
    ):
        return FLAT
    return METERED


def _tariff(rate: int, distance: float) -> float:
    """Dollars by TLC rule (2019) for the distance in miles alone.

    2.50 and 2.50 a mile; twice as much a mile beyond the city's limits, about five miles from where such
    trips start. Without a meter, what JFK's flat fare is: most agreed fares lie about it.
    """
    if rate == METERED:
        return 2.5 + 2.5 * distance
    return 2.5 + 2.5 * distance + 2.5 * (distance - 5) if rate == OUT_OF_TOWN else FLAT_FARE
