import unittest

from teashop.basket import Basket


class BasketTest(unittest.TestCase):
    def test_an_empty_basket_costs_nothing(self):
        self.assertEqual(Basket().total(), 0)

    def test_packets_are_added_up(self):
        basket = Basket()
        basket.add("assam")
        basket.add("sencha", 2)
        self.assertEqual(basket.total(), 690 + 2 * 940)

    def test_five_packets_are_a_tenth_cheaper(self):
        basket = Basket()
        basket.add("assam", 5)
        self.assertEqual(basket.total(), 3105)

    def test_there_is_no_coffee(self):
        with self.assertRaises(KeyError):
            Basket().add("coffee")


if __name__ == "__main__":
    unittest.main()
