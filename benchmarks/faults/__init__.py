"""Faults on the way of the money: lines that drop, banks that babble, processes that are killed.

`python -m benchmarks.faults --trials 1000 --seed 1` runs seeded trials; `tests/paying` runs some.
One trial, read in this order:

    plan.py     what will happen: orders, what befalls each, which process dies at which await
    wire.py     between bot and bank: spoils what passes, and knows what really passed
    till.py     one life of the bot, a process of its own, that kills itself where it is told to
    trial.py    lives one after the other, over a day of declared time
    verdict.py  the bank's books against what people were told
"""
