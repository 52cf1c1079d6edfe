"""Which lines of products does the generated electronics catalogue have, and what do shoppers type for them?

The brands are those that the electronics example speaks of; series, models and data sheets are made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: A data sheet's entry is one of these, chosen evenly; None leaves it out.
Choices = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of products.

    words: what it is called at the end of a title. brands: evenly chosen. weight: how often the line comes, relative
    to the others. cents: the range of prices. sheet: the data sheet. queries: what shoppers type for it.
    """

    words: Choices
    brands: tuple[str, ...]
    weight: int
    cents: tuple[int, int]
    queries: tuple[str, ...]
    sheet: Mapping[str, Choices] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fixed:
    """A product that every generated catalogue has, for the example's lists name it."""

    brand: str
    name: str
    words: str
    cents: int
    released: str
    sheet: Mapping[str, Any]


_BIG = ("HP", "DELL", "Lenovo", "Acer", "ASUS", "MSI")
_PRINT = ("HP", "Canon", "Epson", "Brother", "Lexmark", "OKI", "Xerox", "Samsung")
_PARTS = ("StarTech.com", "C2G", "Tripp Lite", "Sandberg", "Equip", "ACT")
_SOUND = ("Philips", "Sony", "Samsung", "JVC", "NGS", "Logitech")
_CELLS = ("Duracell", "Varta", "Philips", "Sony")
_BAGS = ("Kensington", "Targus", "Case Logic", "Urban Factory", "Thule")
_SCREENS = ("Samsung", "Philips", "LG", "NEC", "Sharp")
_MARKS: Choices = ("CE, FCC", "CE, FCC, RoHS", "CE", "FCC", "ETL", None, None)
_STAR: Choices = (True, False, None)

LINES: tuple[Line, ...] = (
    Line(
        ("laptop", "notebook", "gaming laptop"), _BIG, 9, (9_000, 220_000),
        ("laptop", "laptops", "notebook", "gaming laptop"),
        {"attr_t_processor_family": ("Core", "Ryzen"), "attr_n_display_diagonal": (13.3, 14.0, 15.6, 17.3),
         "attr_b_bluetooth": (True, False), "attr_t_certification": _MARKS, "attr_b_energy_star_certified": _STAR},
    ),
    Line(
        ("desktop computer", "gaming PC", "workstation"), _BIG, 5, (25_000, 260_000),
        ("computer", "desktop", "gaming pc"), {"attr_t_processor_family": ("Core", "Ryzen"),
         "attr_t_status": ("Launched", "Discontinued", "End of Life", None, None, None)},
    ),
    Line(
        ("monitor", "touchscreen monitor", "flat screen TV"), _SCREENS, 6, (8_000, 140_000),
        ("monitor", "tv", "flat screen tv"), {"attr_n_display_diagonal": (19.0, 22.0, 24.0, 27.0, 32.0, 55.0),
         "attr_b_energy_star_certified": _STAR},
    ),
    Line(
        ("laser printer", "inkjet printer", "scanner"), _PRINT, 6, (6_000, 150_000),
        ("printer", "laser printer", "scanner"), {"attr_b_energy_star_certified": _STAR},
    ),
    Line(
        ("toner cartridge Original", "ink cartridge Original", "ink cartridge Original 4 pc(s)"), _PRINT, 12,
        (1_200, 22_000), ("brother toner", "ink cartridge", "toner"),
        {"attr_t_type": ("Original",), "attr_n_quantity_per_pack": (1.0, 1.0, 4.0)},
    ),
    Line(
        ("toner cartridge. Equivalent to Brother TN-0001", "toner cartridge. Compatible with HP 0002A"),
        ("Xerox", "Sandberg", "Equip"), 3, (900, 6_000), ("brother toner", "toner"), {"attr_t_type": ("Compatible",)},
    ),
    Line(
        ("keyboard", "gaming keyboard", "wireless keyboard"), ("CHERRY", "Logitech", "HP", "Kensington"), 5,
        (900, 18_000), ("keyboard", "gaming keyboard"), {"attr_b_bluetooth": (True, False, None),
         "attr_t_certification": _MARKS},
    ),
    Line(
        ("mouse", "wireless mouse", "gaming mouse"), ("Logitech", "HP", "DELL", "Kensington", "Sandberg"), 5,
        (700, 12_000), ("mouse", "wireless mouse", "gaming mouse"), {"attr_b_bluetooth": (True, False, None),
         "attr_t_certification": _MARKS},
    ),
    Line(
        ("wireless presenter with laser pointer", "laser pointer"), ("Kensington", "Targus", "Logitech"), 2,
        (2_500, 9_000), ("laser pointer", "presenter"), {},
    ),
    Line(
        ("bluetooth headphones", "headset", "wireless headphones"), _SOUND, 7, (700, 30_000),
        ("headphones", "headset", "bluetooth headphones"), {"attr_b_bluetooth": (True, True, False),
         "attr_t_certification": _MARKS, "attr_t_battery_technology": ("Lithium Polymer (LiPo)", None)},
    ),
    Line(
        ("portable bluetooth speaker", "surround sound speakers"), _SOUND, 5, (1_500, 40_000),
        ("bluetooth speaker", "surround sound speakers"), {"attr_b_bluetooth": (True,),
         "attr_t_certification": _MARKS},
    ),
    Line(
        ("phone charger", "power adapter", "USB charger"), ("Philips", "HP", "Duracell", "Anker", "V7"), 4,
        (300, 7_000), ("phone charger", "adapter", "usb charger"), {"attr_t_certification": _MARKS},
    ),
    Line(
        ("power bank", "external battery"), ("Anker", "Tripp Lite", "Verbatim"), 3, (1_500, 14_000),
        ("power bank", "external battery"), {"attr_t_type": ("Battery",),
         "attr_t_battery_technology": ("Lithium-Ion (Li-Ion)",), "attr_t_certification": _MARKS},
    ),
    Line(
        ("laptop battery", "notebook battery for HP", "Li-Ion laptop battery for Lenovo"),
        ("Origin Storage", "V7", "Sandberg"), 3, (3_000, 15_000), ("laptop battery", "notebook battery"),
        {"attr_t_type": ("Battery",), "attr_t_battery_technology": ("Lithium-Ion (Li-Ion)",),
         "attr_t_certification": ("CE, UL", None, None)},
    ),
    Line(
        ("AA battery 4-pack", "AAA battery 8-pack", "rechargeable battery"), _CELLS, 4, (300, 3_000),
        ("batteries", "aa battery", "rechargeable batteries"),
        {"attr_t_battery_technology": ("Alkaline", "Nickel-Metal Hydride (NiMH)")},
    ),
    Line(
        ("lithium coin cell CR2016", "lithium coin cell CR2025", "lithium coin cell CR2032"), _CELLS, 2, (200, 900),
        ("coin cell", "cr2025"), {"attr_t_type": ("Battery",), "attr_t_battery_technology": ("Lithium",)},
    ),
    Line(
        ("laptop backpack", "laptop bag", "laptop sleeve", "camera bag"), _BAGS, 7, (1_500, 16_000),
        ("laptop bag", "laptop case", "backpack", "camera bag"), {"attr_t_product_colour": ("Black", "Grey", "Blue")},
    ),
    Line(
        ("HDMI cable", "USB cable", "USB cable for Sony cameras", "phone cord"), _PARTS, 10, (200, 4_500),
        ("hdmi cable", "usb cable", "phone cord"), {"attr_n_cable_length": (0.5, 1.0, 2.0, 5.0)},
    ),
    Line(
        ("computer power extension cord", "6-outlet power strip"), ("C2G", "Tripp Lite", "APC"), 3, (900, 6_000),
        ("extension cords", "power strip"), {"attr_t_certification": ("UL1449, cUL", "CE", None, None)},
    ),
    Line(
        ("memory card microSDXC", "USB stick", "SSD", "external hard drive"),
        ("Kingston Technology", "Samsung", "Verbatim", "Integral"), 8, (500, 60_000),
        ("memory card", "usb stick", "ssd", "micro sd card"), {"attr_t_certification": _MARKS},
    ),
    Line(
        ("digital camera", "video camera"), ("Canon", "Sony", "Samsung", "Philips"), 4, (6_000, 150_000),
        ("camera", "digital camera"), {"attr_t_battery_technology": ("Lithium-Ion (Li-Ion)", None)},
    ),
    Line(
        ("projector", "projector screen"), ("Epson", "NEC", "Sharp"), 3, (20_000, 300_000),
        ("projector", "projector screen"), {"attr_b_energy_star_certified": _STAR},
    ),
    Line(
        ("smartwatch", "GPS watch"), ("Samsung", "Huawei", "TomTom"), 3, (6_000, 45_000),
        ("smart watch", "gps watch"), {"attr_b_bluetooth": (True,), "attr_t_certification": _MARKS},
    ),
    Line(
        ("toy car with lights and sounds", "jigsaw puzzle 500 pieces", "doll clothes set", "night light for children"),
        ("Spin Master", "Jumbo", "Zapf", "Sylvanian Families", "VTech"), 4, (600, 6_000),
        ("toy", "night light", "puzzle"), {"attr_n_recommended_age__min_": (3.0, 4.0, 6.0, None),
         "attr_t_recommended_age_group": ("Child", None)},
    ),
    Line(
        ("laptop 3 year warranty", "printer installation service"), ("HP", "APC", "Lenovo"), 2, (900, 60_000),
        ("laptop", "printer", "external battery"), {"attr_t_type": ("On-site", None)},
    ),
)  # fmt: skip

_APPROVED = {"attr_b_bluetooth": True, "attr_t_certification": "CE, FCC"}
_CELL = {"attr_t_type": "Battery", "attr_t_battery_technology": "Lithium-Ion (Li-Ion)", "attr_t_certification": "CE"}
FIXED: tuple[Fixed, ...] = (
    Fixed("Philips", "Voltdrive 90 Power Adapter", "laptop power adapter", 4_500, "2009-05-11", {}),
    Fixed("Anker", "Pocketcell 20000", "power bank", 3_900, "2020-02-03", _CELL),
    Fixed("Philips", "Solowave 2", "portable bluetooth speaker", 4_900, "2020-03-16", _APPROVED),
    Fixed("Samsung", "Swiftcard 128", "memory card microSDXC", 2_900, "2020-04-20", {}),
    Fixed("Urban Factory", "Metro Roll-Top", "laptop backpack", 5_400, "2020-01-27", {}),
    Fixed("Targus", "Harbour 14", "laptop bag", 3_900, "2009-10-05", {}),
    Fixed("Kensington", "Terminal 15", "laptop sleeve", 2_600, "2010-02-22", {}),
)

#: Words of which series are named; none is a brand's.
SERIES = (
    "Amber", "Basalt", "Cinder", "Delta", "Ember", "Fjord", "Garnet", "Halyard", "Indigo", "Juniper", "Kelvin",
    "Lantern", "Meridian", "Nimbus", "Orchard", "Pewter", "Quartz", "Ridge", "Saffron", "Tundra", "Umber", "Vesper",
    "Willow", "Yarrow", "Zenith",
)  # fmt: skip
