"""The words that receipts share, in the spelling of `receipts.canonical_json`, as a preset dictionary for
deflate.

Bytes packed with one vocabulary are read with that one only: a change here is a new version, and the old
words must stay for as long as receipts packed with them are kept. What occurs most stands last, where
references cost least.
"""

VOCABULARY_VERSION = 1

_TILL_WORDS = """ Carrier bag Gift card Delivery Deposit Newspaper Magazine Greeting card Birthday candles
Batteries Toilet roll Kitchen roll Washing-up liquid Laundry Shampoo Toothpaste Paracetamol Vitamin Unleaded
Diesel Car wash Parking Sparkling water Still water Orange juice Apple juice Lemonade Cola Diet Cola Ginger
beer Lager Pale ale Cider Red wine White wine Prosecco Gin and tonic Crisps Chocolate bar Biscuits Popcorn
Ice cream Nuts Yoghurt Butter Cheddar cheese Mozzarella Semi-skimmed milk 2 pints Whole milk Free range eggs
Wholemeal bread White bread Sourdough loaf Rolls Rice Pasta Flour Sugar Olive oil Tomato ketchup Baked beans
Chopped tomatoes Cereal Honey Jam Marmalade Chicken breast Beef mince Bacon Sausages Salmon fillet Tuna Ham
Potatoes Onions Carrots Broccoli Spinach Mushrooms Peppers Cucumber Lettuce Salad Avocado Lemons Apples
Bananas loose Strawberries Blueberries Grapes Oranges Tomatoes Espresso Americano Cappuccino Flat white
Latte Mocha Hot chocolate Chai Earl Grey English breakfast tea Porridge Croissant Pain au chocolat Cinnamon
bun Brownie Cookie Muffin Carrot cake slice Granola Toast Sandwich Wrap Panini Soup of the day Toastie
Falafel Burger Fries Margherita pizza Extra shot Oat milk Soya milk Almond milk Decaf Syrup Large Regular
Small Medium Takeaway Eat in Organic Fairtrade Vegan Gluten free Loyalty discount Staff discount Student
discount Multibuy saving Meal deal Reduced to clear Voucher Happy hour 10% off 3 for 2 household grocery
produce bakery dairy meat fish frozen drinks alcohol snacks health food coffee
"""

_SHAPES = """
,"version":,"original_receipt_id":"","barcode":{"symbology":"qr","value":"{"symbology":"ean13","value":"
{"type":"points","amount":{"type":"voucher","amount":{"type":"gift_card","amount":{"type":"cash","amount":
,"scheme":"amex","scheme":"maestro","entry_mode":"chip","entry_mode":"ecommerce","entry_mode":"magstripe"
"unit":"g","unit":"litre","unit":"portion","vat_rate":"5","kind":"refund","currency":"EUR","currency":"USD"
{"receipt_id":"-01-000"store_id":"","till_id":"01","kind":"sale","issued_at":"2026-01-01T12:00:00Z","currency":"GBP"
,"total":,"lines":[{"description":"}],"service_charge":,"tip":,"rounding":-
}],"discounts":[{"description":"","amount":}],"vat":[{"rate":"20","net":,"amount":},{"rate":"0","net":,"amount":0}]
,"tenders":[{"type":"card","amount":,"last4":"","scheme":"visa","scheme":"mastercard","auth_code":"","rrn":"63
","merchant_id":"MID000","terminal_id":"T00000","entry_mode":"contactless"}],"barcode":{"symbology":"code128","value":"
"}],"modifiers":[{"description":"","amount":,"discounts":[{"description":"","amount":
"unit":"kg","unit_price":,"vat_rate":"0","sku":"","gtin":"50","category":"
"},{"description":"","quantity":"2","amount":","unit":"each","unit_price":,"vat_rate":"20","sku":"
"},{"description":"","quantity":"1","amount":","unit":"each","unit_price":,"vat_rate":"0","gtin":"50
"""

VOCABULARY = " ".join((_TILL_WORDS + _SHAPES).split()).encode("ascii")
