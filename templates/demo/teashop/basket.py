"""What a customer is about to buy. Prices are in cents, so that sums are exact."""

PRICES = {"assam": 690, "darjeeling": 850, "earl grey": 720, "sencha": 940}


class Basket:
    """Packets of tea by kind."""

    def __init__(self):
        self._packets = {}

    def add(self, tea, packets=1):
        """Put packets of a tea into the basket. Raises KeyError for a tea that the shop does not have."""
        if tea not in PRICES:
            raise KeyError(tea)
        if packets < 1:
            raise ValueError("at least one packet, please")
        self._packets[tea] = self._packets.get(tea, 0) + packets

    def total(self):
        """The price of all packets, in cents. Five packets or more: a tenth off."""
        total = sum(PRICES[tea] * count for tea, count in self._packets.items())
        return total * 9 // 10 if sum(self._packets.values()) >= 5 else total
