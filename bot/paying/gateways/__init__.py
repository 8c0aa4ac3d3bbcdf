"""The kinds of gateways, and what they share; what each promises is in `paying/gateway.py`."""
