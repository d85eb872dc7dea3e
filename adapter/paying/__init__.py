"""Taking a payment by keypad: what is asked, what is said, and what is kept from everybody.

Digits of a card are in this process's memory while they are typed, and go to the payment connector
alone. What is told, stored or logged of them is made by `cards.Card.shown`.
"""
