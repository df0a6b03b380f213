"""From a record to numbers: the one place where features are computed, for training and serving alike.

This file and `schema.json` are what to replace for another problem. `Features.compute` sees what is known
when the trip starts, and nothing else: no drop-off time, tip, tolls or total.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

import numpy as np

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
        self._numbers = {name: number for number, name in enumerate(learned)}
        self._places = np.array([*learned.values(), places.UNKNOWN]).T

    @staticmethod
    def observe(trips: Iterable[Trip]) -> places.Observed:
        """What the rows of one training host show, as JSON: the distances between zones."""
        return places.observe((trip.pickup_zone, trip.dropoff_zone, trip.distance) for trip in trips)

    @staticmethod
    def learn(observed: list[Any]) -> dict[str, places.Place]:
        """What `Features` is made with, as JSON, from what all hosts have observed."""
        return places.learn(observed)

    def compute(self, trip: Trip) -> Sequence[Value]:
        """The features of `trip`, in the order of `NAMES`: numbers (NaN when missing), texts (categories)."""
        pickup = datetime.fromisoformat(trip.pickup)
        return _formulas(
            math.sqrt,
            max,
            round,
            hour=pickup.hour + pickup.minute / 60,
            weekday=pickup.weekday(),
            distance=trip.distance,
            passengers=trip.passengers,
            green=trip.color == "green",
            route=_route(trip.pickup_zone, trip.dropoff_zone, trip.pickup_borough, trip.dropoff_borough),
            pickup=self.learned.get(trip.pickup_zone or "", places.UNKNOWN),
            dropoff=self.learned.get(trip.dropoff_zone or "", places.UNKNOWN),
        )

    def columns(self, trips: Sequence[Trip]) -> Sequence[Any]:
        """The same for many trips at once: a column of each feature."""
        pickups = np.array([trip.pickup for trip in trips], dtype="datetime64[m]").astype(np.int64)
        day, minute = np.divmod(pickups, 24 * 60)
        zones = [trip.pickup_zone for trip in trips], [trip.dropoff_zone for trip in trips]
        boroughs = [trip.pickup_borough for trip in trips], [trip.dropoff_borough for trip in trips]
        unknown = len(self._numbers)
        pickup, dropoff = ([self._numbers.get(zone or "", unknown) for zone in ends] for ends in zones)
        return _formulas(
            np.sqrt,
            np.maximum,
            np.rint,
            hour=minute // 60 + minute % 60 / 60,
            weekday=(day + 3) % 7,  # 1 January 1970 was a Thursday
            distance=np.array([trip.distance for trip in trips]),
            passengers=np.array([trip.passengers for trip in trips]),
            green=np.array([trip.color == "green" for trip in trips]),
            route=np.array([*map(_route, *zones, *boroughs)], dtype=np.int64),
            pickup=self._places[:, pickup],
            dropoff=self._places[:, dropoff],
        )


# What a route says: nothing, both ends are in one zone, one end is JFK and the other Manhattan, no known end.
OTHER, SAME, AIRPORT, NO_END = range(4)


def _route(
    pickup_zone: str | None, dropoff_zone: str | None, pickup_borough: str | None, dropoff_borough: str | None
) -> int:
    if dropoff_zone is None:
        return NO_END
    if pickup_zone == dropoff_zone:
        return SAME
    if (pickup_zone == "JFK Airport" and dropoff_borough == "Manhattan") or (
        dropoff_zone == "JFK Airport" and pickup_borough == "Manhattan"
    ):
        return AIRPORT
    return OTHER


def _formulas(
    root: Any,
    larger: Any,
    whole: Any,
    hour: Any,
    weekday: Any,
    distance: Any,
    passengers: Any,
    green: Any,
    route: Any,
    pickup: Any,
    dropoff: Any,
) -> tuple[Any, ...]:
    """The features of one trip, whose values are numbers, or of many, whose values are arrays.

    A condition counts as 1 or 0, so that the same formula holds for both, to the last bit.
    """
    # Which of the TLC's rates is likely: by the meter, JFK's flat fare, to out of town, or agreed upon.
    astray = (route == NO_END) & (distance == 0) & (1 - green)
    rate = FLAT * (route == AIRPORT) + OUT_OF_TOWN * ((route == NO_END) & (distance > 10)) + NO_METER * astray
    # Dollars by TLC rule (2019) for the distance in miles alone: 2.50 and 2.50 a mile; twice as much a mile
    # beyond the city's limits, about five miles from where such trips start. Without a meter, what JFK's flat
    # fare is: most agreed fares lie about it.
    metered = 2.5 + 2.5 * distance + 2.5 * (distance - 5) * (rate == OUT_OF_TOWN)
    fixed = (rate == FLAT) | (rate == NO_METER)
    toward = [b - a for a, b in zip(pickup, dropoff, strict=True)]
    straight = root(toward[0] * toward[0] + toward[1] * toward[1] + toward[2] * toward[2])
    return (
        distance,
        FLAT_FARE * fixed + metered * (1 - fixed),
        hour,
        weekday,
        24 * weekday + hour,
        (weekday < 5) & (hour >= 7) & (hour < 19),
        passengers,
        green,
        # One maker of meters gives tenths of a mile, cut off; the other hundredths.
        distance == whole(10 * distance) / 10,
        rate,
        route == SAME,
        *pickup,
        *dropoff,
        *toward,
        straight,
        distance / larger(straight, 0.3),
    )
