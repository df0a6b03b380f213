"""From a record to numbers: the one place where features are computed, for training and serving alike.

This file and `schema.json` are what to replace for another problem. `compute` sees what is known when the
trip starts, and nothing else: no drop-off time, tip, tolls or total.
"""

from datetime import datetime
from typing import Protocol

NAMES = (
    "distance",
    "tariff",
    "hour",
    "weekday",
    "hour_of_week",
    "working_hours",
    "passengers",
    "same_zone",
    "airport_flat_fare",
    "color",
    "pickup_zone",
    "dropoff_zone",
    "pickup_borough",
    "dropoff_borough",
)
"""Names of the features, in the order in which `compute` gives them and the model takes them."""

CATEGORICAL = frozenset({"color", "pickup_zone", "dropoff_zone", "pickup_borough", "dropoff_borough"})
"""Features whose values are texts. A text that training has not seen counts as missing."""

BASELINE = "distance"
"""The numeric feature of the straight line that the model must beat."""

START = "tariff"
"""The numeric feature of the straight line that the model starts from."""

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


def compute(trip: Trip) -> tuple[Value, ...]:
    """The features of `trip`, in the order of `NAMES`: numbers, texts (categories), None when missing."""
    pickup = datetime.fromisoformat(trip.pickup)
    hour, weekday = pickup.hour + pickup.minute / 60, pickup.weekday()
    return (
        trip.distance,
        _tariff(trip),
        hour,
        weekday,
        24 * weekday + hour,
        int(weekday < 5 and 7 <= hour < 19),
        trip.passengers,
        int(trip.pickup_zone is not None and trip.pickup_zone == trip.dropoff_zone),
        _airport_flat_fare(trip),
        trip.color,
        trip.pickup_zone,
        trip.dropoff_zone,
        trip.pickup_borough,
        trip.dropoff_borough,
    )


def _tariff(trip: Trip) -> float:
    """Dollars by TLC rule for the distance alone: 2.50 and 2.50 a mile, or JFK's flat fare (2019)."""
    return 52.0 if _airport_flat_fare(trip) else 2.5 + 2.5 * trip.distance


def _airport_flat_fare(trip: Trip) -> int:
    """1 for trips between Manhattan and JFK airport, which have a flat fare by TLC rule."""
    return int(
        (trip.pickup_zone == "JFK Airport" and trip.dropoff_borough == "Manhattan")
        or (trip.dropoff_zone == "JFK Airport" and trip.pickup_borough == "Manhattan")
    )
