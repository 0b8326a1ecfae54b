import unittest

from teashop.accounts import Accounts


class AccountsTest(unittest.TestCase):
    def setUp(self):
        self.accounts = Accounts()
        self.accounts.register("ada", "oolong-and-milk")

    def test_the_right_password_opens_the_door(self):
        self.assertTrue(self.accounts.login("ada", "oolong-and-milk"))

    def test_a_wrong_password_does_not(self):
        self.assertFalse(self.accounts.login("ada", "coffee-please"))

    def test_a_stranger_is_not_let_in(self):
        self.assertFalse(self.accounts.login("bob", "oolong-and-milk"))

    def test_a_name_is_given_once(self):
        with self.assertRaises(ValueError):
            self.accounts.register("ada", "another-password")

    def test_a_short_password_is_refused(self):
        with self.assertRaises(ValueError):
            self.accounts.register("bob", "tea")


if __name__ == "__main__":
    unittest.main()
