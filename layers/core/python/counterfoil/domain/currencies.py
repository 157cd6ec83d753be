"""The currencies of ISO 4217 that money is paid in (list one, without funds, metals and testing codes), and how an
amount of them is written."""

_CODES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD
    HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL
    LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP
    PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT
    TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""

CURRENCIES = frozenset(_CODES.split())

_SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}
_WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_WITH_THREE = "BHD IQD JOD KWD LYD OMR TND"
_DECIMALS = dict.fromkeys(_WITHOUT_DECIMALS.split(), 0) | dict.fromkeys(_WITH_THREE.split(), 3)


def decimal(amount: int, currency: str) -> str:
    """An amount in minor units as a decimal number, such as `-5.85`; two decimals but where the currency has others."""
    places = _DECIMALS.get(currency, 2)
    whole, rest = divmod(abs(amount), 10**places)
    return ("-" if amount < 0 else "") + (f"{whole}.{rest:0{places}}" if places else f"{whole}")


def with_symbol(amount: int, currency: str) -> str:
    """An amount in minor units as people write it, such as `-£5.85`, or `5.85 CHF` where there is no symbol of ours."""
    symbol = _SYMBOLS.get(currency)
    if symbol is None:
        return f"{decimal(amount, currency)} {currency}"
    return f"{'-' if amount < 0 else ''}{symbol}{decimal(abs(amount), currency)}"
