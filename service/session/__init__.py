"""The sans-I/O session machine: all rules of one connection.

``SessionMachine`` receives messages, time and the results of effects. Each input returns a ``Step``: messages, effects,
events, the next wake-up and the close. Nothing in this package does I/O, reads a clock or draws a random number.
"""
