"""Money: exact, written with its currency, shown to the hundredth."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyboard.planning.money import Money, money_of, price_of

AMOUNTS = st.decimals(min_value=0, max_value=10**11, places=6)


@given(AMOUNTS, st.sampled_from(["CNY", "USD", ""]))
def test_money_is_read_as_it_was_written(amount: Decimal, currency: str) -> None:
    """Every amount, to the millionth."""
    money = Money(amount, currency)
    assert money_of(str(money)) == money


@pytest.mark.parametrize(
    "text", ["", "CNY", "-1 CNY", "1e9 CNY", "nan", "inf", "1,5 CNY", "1 cny", "٣ CNY", "1.2345678"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    """A sign, an exponent, other digits, a malformed currency, or finer than a millionth."""
    with pytest.raises(ValueError, match="is no amount of money"):
        money_of(text)


def test_a_price_is_rounded_up_to_the_millionth() -> None:
    """A token at 0.1 yuan a million is a tenth of a millionth: it counts as one."""
    assert price_of(1, Money(Decimal("0.1"), "CNY")) == Money(Decimal("0.000001"), "CNY")


def test_what_the_most_tokens_cost_is_read_as_it_was_written() -> None:
    """The largest number of tokens that is accepted, at an extreme rate: the day's file has to hold it."""
    price = price_of(2**53 - 1, Money(Decimal(10_000), "CNY"))
    assert money_of(str(price)) == price


def test_many_small_prices_add_up_exactly() -> None:
    """A thousand times the price of a token is that of a thousand tokens, which no sum of floats keeps to."""
    one = price_of(1, Money(Decimal("10.7"), "USD")).amount
    assert sum([one] * 1000, Decimal(0)) == Decimal("0.011")


@pytest.mark.parametrize(
    ("money", "told", "left"),
    [("5.0194 CNY", "¥5.02", "¥5.01"), ("0.5 USD", "$0.50", "$0.50"), ("3 EUR", "EUR 3.00", "EUR 3.00")],
)
def test_money_is_told_with_its_sign(money: str, told: str, left: str) -> None:
    """Two digits; a remainder is never shown as more than it is."""
    assert (money_of(money).rounded, money_of(money).rounded_down) == (told, left)
