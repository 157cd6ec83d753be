"""Kinds of shops: when they are open and busy, how much they sell, and at which prices."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Item:
    """Something sold: `price` in pence, a kilo where `weighed`. `weight`: how often beside the others.

    `parts`: a deal's own items, of which the first bears the whole reduction.
    """

    name: str
    price: int
    weight: float
    vat: str = "20"
    weighed: bool = False
    extra: tuple[str, int] | None = None
    parts: tuple["Item", ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """`share`: of all stores. `volume`: sales a day. `hours`: how busy each hour from `opens` on is. `counts`: how
    often a basket holds 1, 2, … items. `weekend`: factor on Saturday and Sunday. `refunds`: factor on their share."""

    name: str
    mcc: str
    share: float
    volume: int
    opens: int
    hours: tuple[float, ...]
    counts: tuple[float, ...]
    items: tuple[Item, ...]
    tills: int
    step: int = 5
    weekend: float = 1.0
    refunds: float = 1.0

    @property
    def closes(self) -> int:
        return self.opens + len(self.hours)


_OAT = ("Oat milk", 40)
_COFFEES = (
    ("Flat white", 340, 14), ("Latte", 355, 18), ("Cappuccino", 355, 13), ("Americano", 310, 12), ("Espresso", 240, 4),
    ("Mocha", 385, 4), ("Hot chocolate", 370, 6), ("Tea", 265, 9), ("Iced latte", 375, 5),
)  # fmt: skip
_COFFEE = (
    *(Item(name, price, weight) for name, price, weight in _COFFEES),
    *(Item(name, price, weight / 4, extra=_OAT) for name, price, weight in _COFFEES[:3]),
    Item("Butter croissant", 285, 7, "0"), Item("Pain au chocolat", 305, 4, "0"), Item("Banana", 95, 3, "0"),
    Item("Banana bread", 330, 4, "0"), Item("Porridge", 310, 3, "0"), Item("Bottled water", 160, 3),
    Item("Toastie", 525, 3), Item("Granola bar", 210, 2),
)  # fmt: skip
_SANDWICH, _CRISPS, _COLA = Item("Sandwich", 375, 0, "0"), Item("Crisps", 125, 0), Item("Cola", 185, 0)
_WRAP, _WATER, _FRUIT = Item("Chicken wrap", 425, 0, "0"), Item("Still water", 110, 0), Item("Fruit pot", 195, 0, "0")
_DEALS = (
    Item("Meal deal", 399, 14, parts=(_SANDWICH, _CRISPS, _COLA)),
    Item("Meal deal", 399, 7, parts=(_WRAP, _CRISPS, _WATER)),
    Item("Meal deal", 399, 5, parts=(_SANDWICH, _FRUIT, _COLA)),
)
_FAST_FOOD = (
    *_DEALS,
    Item("Burger", 589, 8), Item("Burger meal", 849, 12), Item("Chicken meal", 899, 9), Item("Fries", 249, 8),
    Item("Nuggets", 499, 6), Item("Milkshake", 329, 4), Item("Cola regular", 219, 8), Item("Veggie meal", 829, 4),
    Item("Apple pie", 189, 3), Item("Wrap of the day", 349, 5), Item("Kids' meal", 449, 4), Item("Coffee", 199, 6),
)  # fmt: skip
_CONVENIENCE = (
    *_DEALS,
    Item("Semi-skimmed milk 2pt", 145, 10, "0"), Item("White loaf", 139, 8, "0"), Item("Newspaper", 120, 6, "0"),
    Item("Chewing gum", 80, 4), Item("Chocolate bar", 95, 10), Item("Crisps", 125, 8), Item("Energy drink", 165, 8),
    Item("Still water", 110, 8), Item("Cola 500ml", 185, 9), Item("Lager 4 pack", 650, 5), Item("Red wine", 850, 4),
    Item("Cigarettes 20", 1465, 7), Item("Eggs 6", 175, 4, "0"), Item("Butter", 249, 3, "0"),
    Item("Bananas", 99, 4, "0"),
    Item("Toilet roll 4", 275, 3), Item("Pizza", 400, 3, "0"), Item("Ice cream tub", 450, 2),
    Item("Paracetamol", 65, 3),
    Item("Cereal", 299, 2, "0"), Item("Ready meal", 375, 4, "0"), Item("Sausage roll", 150, 5),
)  # fmt: skip
_SUPERMARKET = (
    *_CONVENIENCE[3:],
    Item("Carrots", 80, 6, "0", weighed=True), Item("Apples", 235, 5, "0", weighed=True),
    Item("Grapes", 500, 3, "0", weighed=True), Item("Potatoes 2kg", 199, 5, "0"), Item("Onions", 99, 5, "0"),
    Item("Chicken breast", 625, 6, "0"), Item("Minced beef", 449, 5, "0"), Item("Salmon", 525, 3, "0"),
    Item("Cheddar", 385, 6, "0"), Item("Yoghurt", 165, 6, "0"), Item("Pasta", 85, 6, "0"),
    Item("Tinned tomatoes", 55, 7, "0"),
    Item("Rice", 175, 4, "0"), Item("Orange juice", 215, 4), Item("Tea bags", 310, 4, "0"),
    Item("Ground coffee", 425, 3, "0"),
    Item("Biscuits", 115, 5, "0"), Item("Washing powder", 750, 3), Item("Shampoo", 325, 3), Item("Dog food", 560, 2),
    Item("Cucumber", 89, 5, "0"), Item("Tomatoes", 110, 5, "0"), Item("Peppers", 180, 4, "0"),
    Item("Nappies", 899, 2),
    Item("Kitchen roll", 265, 3), Item("Olive oil", 699, 2, "0"), Item("Frozen peas", 165, 3, "0"),
    Item("Birthday card", 279, 2),
)  # fmt: skip
_RESTAURANT = (
    Item("Pint of lager", 595, 16), Item("Pint of bitter", 515, 12), Item("Glass of red", 680, 8),
    Item("Glass of white", 680, 8), Item("Gin and tonic", 740, 6), Item("Soft drink", 325, 10),
    Item("Lime and soda", 150, 3),
    Item("Fish and chips", 1650, 7), Item("Burger and chips", 1595, 7), Item("Pie of the day", 1495, 5),
    Item("Sunday roast", 1895, 4), Item("Soup", 695, 3), Item("Chips", 450, 7), Item("Sticky toffee pudding", 750, 4),
    Item("Margherita", 1195, 5), Item("Coffee", 320, 4),
)  # fmt: skip
_FUEL_SHOP = (
    Item("Coffee to go", 325, 10), Item("Sandwich", 385, 8, "0"), Item("Energy drink", 175, 8),
    Item("Chocolate bar", 110, 9),
    Item("Screen wash", 499, 3), Item("Newspaper", 120, 5, "0"), Item("Car wash", 800, 4), Item("Crisps", 130, 7),
)  # fmt: skip
_FASHION = (
    Item("T-shirt", 999, 14), Item("T-shirt", 1299, 8), Item("Jeans", 2999, 10), Item("Jeans", 3999, 6),
    Item("Dress", 3499, 8),
    Item("Jumper", 2599, 9), Item("Socks 5 pack", 899, 9), Item("Coat", 6999, 4), Item("Shirt", 2499, 8),
    Item("Scarf", 1499, 5),
    Item("Trainers", 4999, 6), Item("Belt", 1599, 3), Item("Baby sleepsuits", 1200, 5, "0"),
    Item("Children's top", 800, 6, "0"),
    Item("Bag for life", 50, 10),
)  # fmt: skip
_JOURNEYS = tuple(
    Item("Journeys of the day", price, weight, "0")
    for price, weight in ((280, 12), (350, 9), (560, 16), (700, 10), (890, 20), (1280, 6))
)

_BIG_BASKETS = (6, 7, 8, 8, 8, 8, 7, 7, 6, 6, 5, 5, 4, 4, 4, 3, 3)
_MORNING_PEAK = (3, 8, 12, 9, 7, 6, 7, 6, 5, 4, 3, 2)
_LUNCH_PEAK = (2, 3, 4, 6, 12, 14, 8, 5, 5, 7, 8, 6, 3)
_ALL_DAY = (2, 4, 5, 5, 5, 6, 7, 6, 6, 7, 9, 10, 9, 7, 5, 3)
_DAYTIME = (2, 4, 6, 8, 9, 9, 8, 7, 6, 3)
_EVENING = (3, 4, 4, 3, 3, 5, 8, 10, 11, 9, 6)

KINDS: Final = (
    Kind("coffee", "5814", 0.22, 380, 7, _MORNING_PEAK, (60, 30, 8, 2), _COFFEE, tills=2),
    Kind("fast_food", "5814", 0.18, 420, 9, _LUNCH_PEAK, (50, 28, 14, 8), _FAST_FOOD, tills=3, step=10),
    Kind("convenience", "5499", 0.22, 520, 7, _ALL_DAY, (36, 27, 17, 10, 6, 4), _CONVENIENCE, tills=2),
    Kind("supermarket", "5411", 0.06, 1500, 7, _ALL_DAY, _BIG_BASKETS, _SUPERMARKET, tills=9, weekend=1.3),
    Kind("restaurant", "5812", 0.14, 130, 12, _EVENING, (18, 26, 20, 14, 10, 7, 5), _RESTAURANT, tills=2, weekend=1.6),
    Kind("fuel", "5541", 0.08, 360, 6, _ALL_DAY, (70, 24, 6), _FUEL_SHOP, tills=4, step=1),
    Kind("fashion", "5651", 0.09, 150, 9, _DAYTIME, (58, 26, 11, 5), _FASHION, tills=3, step=1, weekend=1.5, refunds=8),
    Kind("transit", "4111", 0.03, 70, 6, _ALL_DAY, (1,), _JOURNEYS, tills=1, weekend=0.7, refunds=0.0),
)  # fmt: skip
